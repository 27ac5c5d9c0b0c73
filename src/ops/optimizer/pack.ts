import { Dim, formatDims, productOf } from '../../ir/dim.ts';
import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';

/** Elements to a multiple of which a packed tensor is padded: 256 bytes, WebGPU's coarsest offset alignment. */
const ALIGNMENT = 64;

const padded = (n: number) => Math.ceil(n / ALIGNMENT) * ALIGNMENT;

export const pack: PrimitiveOp = {
  kind: 'primitive',
  name: 'pack',
  doc: `Tensors of one type one after the other in one buffer, each row-major and padded with zeros to a multiple of ${ALIGNMENT} elements. No copy: the planner puts the operands there. → [total].`,
  operands: [{ name: 'xs', variadic: true }],
  attrs: { align: { type: 'int', default: ALIGNMENT } },
  internal: true,
  shape: (inputs, a) => {
    if (a['align'] !== ALIGNMENT) {
      throw new ShapeError(`\`pack\` aligns to ${ALIGNMENT} elements, not to ${a['align']}`);
    }
    const { dtype } = inputs[0];
    let total = 0;
    inputs.forEach(({ dims, dtype: own }, i) => {
      if (own !== dtype) throw new ShapeError(`\`pack\` of ${dtype} and ${own}`, [0, i]);
      const size = productOf(dims);
      if (!size || size.batch) {
        throw new ShapeError(`\`pack\` needs sizes without the batch, found ${formatDims(dims)}`, [i]);
      }
      total += padded(size.size);
    });
    return [{ dims: [Dim.of(total)], dtype }];
  },
  reference: (inputs, _attrs, [out]) => {
    const data = new Float64Array(out[0]);
    let at = 0;
    for (const x of inputs) {
      data.set(x.data, at);
      at += padded(x.data.length);
    }
    return [{ shape: out, data }];
  },
  lowering: { kind: 'view', packed: ALIGNMENT },
};
