import { type Attrs, elementCount, type Shape } from '../../ir/graph.ts';
import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';
import { leadingAxis } from '../../ir/split-rule.ts';
import { joinedDims } from './concat.ts';

/** Elements before the slice of a part. */
const before = (x: Shape, attrs: Attrs) =>
  (attrs['start'] as number) * elementCount(x.slice((attrs['axis'] as number) + 1));

/** A slice that lies in one piece: all axes before its axis are 1. */
export const part: PrimitiveOp = {
  kind: 'primitive',
  name: 'part',
  doc: 'Elements start to end - 1 of the first axis that is not 1. No copy: it is that piece of x in memory. [1, n, ...] → [1, end − start, ...].',
  operands: [{ name: 'x' }],
  attrs: { axis: { type: 'int' }, start: { type: 'int' }, end: { type: 'int' } },
  internal: true,
  shape: ([{ dims, dtype }], { axis, start, end }) => {
    const size = (end as number) - (start as number);
    const piece = dims.slice(0, axis as number).every((d) => d.isOne());
    const cut = dims[axis as number]?.map(() => size);
    if (!piece || !cut || size < 1 || (start as number) < 0 || dims[axis as number].size < (end as number)) {
      throw new ShapeError(`\`part\` of axis ${axis}, ${start} to ${end}, is not one piece`, [0]);
    }
    return [{ dims: dims.map((d, a) => (a === axis ? cut : d)), dtype }];
  },
  reference: ([x], attrs, [shape]) => {
    const first = before(x.shape, attrs);
    return [{ shape, data: x.data.slice(first, first + elementCount(shape)) }];
  },
  lowering: { kind: 'view', offset: before },
};

/** The reverse: parts that lie one after the other are one tensor. */
export const join: PrimitiveOp = {
  kind: 'primitive',
  name: 'join',
  doc: 'Tensors joined along the first axis that is not 1. No copy: the planner puts the operands one after the other. [1, m, ...], [1, n, ...] → [1, m + n, ...].',
  operands: [{ name: 'xs', variadic: true }],
  attrs: { axis: { type: 'int' } },
  internal: true,
  shape: (xs, { axis }) => {
    const dims = joinedDims(
      xs.map((x) => x.dims),
      axis as number,
    );
    if (leadingAxis(dims.map((d) => d.size)) !== axis) {
      throw new ShapeError(`\`join\` along axis ${axis} is not one piece`, [0]);
    }
    return [{ dims, dtype: xs[0].dtype }];
  },
  reference: (xs, _attrs, [shape]) => [{ shape, data: Float64Array.from(xs.flatMap((x) => [...x.data])) }],
  lowering: { kind: 'view', joined: true },
};
