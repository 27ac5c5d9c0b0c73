import { resolveAxes } from '../../ir/axis.ts';
import type { CompositeOp } from '../../ir/op.ts';
import { reducedDims } from './axes.ts';

export const mean: CompositeOp = {
  kind: 'composite',
  name: 'mean',
  doc: 'Mean over axes (torch.mean): [B, C, H, W] over <2, 3> → [B, C]. Axes may be negative; `keepdim` leaves axes of size 1.',
  example: 'forward(x: [B, 8, 16, 16]) -> [B, 8, 1, 1] { mean(x, axes: <2, 3>, keepdim: true) }',
  operands: [{ name: 'x' }],
  attrs: { axes: { type: 'int[]' }, keepdim: { type: 'bool', default: false } },
  shape: ([x], attrs) => [
    {
      dims: reducedDims('mean', x.dims, attrs['axes'] as readonly number[], attrs['keepdim'] as boolean),
      dtype: 'f32',
    },
  ],
  expand: (b, [x], attrs) => {
    const shape = b.shape(x);
    const axes = resolveAxes(attrs['axes'] as readonly number[], shape.length);
    const count = axes.reduce((n, a) => n * shape[a], 1);
    return [b.affine(b.sum(x, axes, attrs['keepdim'] as boolean), 1 / count)];
  },
};
