import { Dim, formatDims, productOf } from '../../ir/dim.ts';
import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';
import { PACK_ALIGNMENT, packed } from '../../ir/packing.ts';

export const pack: PrimitiveOp = {
  kind: 'primitive',
  name: 'pack',
  doc: `Tensors of one type one after the other in one buffer, each row-major and padded with zeros to a multiple of ${PACK_ALIGNMENT} elements. No copy: the planner puts the operands there. → [total].`,
  operands: [{ name: 'xs', variadic: true }],
  attrs: {},
  internal: true,
  shape: (inputs) => {
    const { dtype } = inputs[0];
    const counts = inputs.map(({ dims, dtype: own }, i) => {
      if (own !== dtype) throw new ShapeError(`\`pack\` of ${dtype} and ${own}`, [0, i]);
      const size = productOf(dims);
      if (!size || size.batch) {
        throw new ShapeError(`\`pack\` needs sizes without the batch, found ${formatDims(dims)}`, [i]);
      }
      return size.size;
    });
    return [{ dims: [Dim.of(packed(counts).length)], dtype }];
  },
  reference: (inputs, _attrs, [out]) => {
    const data = new Float64Array(out[0]);
    const { starts } = packed(inputs.map((x) => x.data.length));
    inputs.forEach((x, i) => {
      data.set(x.data, starts[i]);
    });
    return [{ shape: out, data }];
  },
  lowering: { kind: 'view', packed: true },
};
