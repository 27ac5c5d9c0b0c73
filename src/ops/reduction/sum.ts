import { resolveAxes, resolveAxis } from '../../ir/axis.ts';
import { elementCount, type Shape } from '../../ir/graph.ts';
import type { PrimitiveOp } from '../../ir/op.ts';
import { cutAxes } from '../../ir/split-rule.ts';
import { mapBroadcast } from '../broadcast.ts';
import { keptShape, reducedDims } from './axes.ts';

export const sum: PrimitiveOp = {
  kind: 'primitive',
  name: 'sum',
  doc: 'Sum over axes (torch.sum): [B, C, H, W] over <2, 3> → [B, C]. Axes may be negative; `keepdim` leaves axes of size 1.',
  example: 'forward(x: [B, 8, 16, 16]) -> [B, 8] { sum(x, axes: <2, 3>) }',
  operands: [{ name: 'x' }],
  attrs: { axes: { type: 'int[]' }, keepdim: { type: 'bool', default: false } },
  splits: ([x], _, attrs) => {
    const axes = (attrs['axes'] as readonly number[]).map((axis) => resolveAxis(axis, x.length));
    return cutAxes(x).map((axis) => {
      const before = attrs['keepdim'] ? 0 : axes.filter((summed) => summed < axis).length;
      return { operands: [axis], outputs: [axes.includes(axis) ? 'sum' : axis - before] };
    });
  },
  shape: ([x], attrs) => [
    {
      dims: reducedDims('sum', x.dims, attrs['axes'] as readonly number[], attrs['keepdim'] as boolean),
      dtype: 'f32',
    },
  ],
  gradient: ({ b, inputs, grads, attrs }) => {
    const shape = b.shape(inputs[0]);
    const kept = b.reshape(
      grads[0]!,
      keptShape(shape, resolveAxes(attrs['axes'] as readonly number[], shape.length)),
    );
    return [b.apply('expand', [kept], { shape: [...shape] })];
  },
  reference: ([x], attrs, [out]) => {
    const kept = keptShape(x.shape, resolveAxes(attrs['axes'] as readonly number[], x.shape.length));
    const data = new Float64Array(elementCount(out));
    const target = indexOf(kept, x.shape);
    for (let i = 0; i < x.data.length; i++) data[target.data[i]] += x.data[i];
    return [{ shape: out, data }];
  },
  exact: [0],
  lowering: { kind: 'kernels' },
};

/** For each element of `shape`, the row-major index of its place in `kept`. */
function indexOf(kept: Shape, shape: Shape) {
  const n = elementCount(kept);
  return mapBroadcast(
    [{ shape: kept, data: Float64Array.from({ length: n }, (_, i) => i) }],
    shape,
    (i) => i,
  );
}
