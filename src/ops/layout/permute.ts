import { resolveAxis } from '../../ir/axis.ts';
import { formatDims } from '../../ir/dim.ts';
import { type CompositeOp, type PrimitiveOp, ShapeError } from '../../ir/op.ts';
import { cutAxes } from '../../ir/split-rule.ts';
import { checkedAxes, checkedAxis } from '../axis.ts';
import { gather } from './gather.ts';

export const permute: PrimitiveOp = {
  kind: 'primitive',
  name: 'permute',
  doc: 'Reorders the axes: axis k of the result is axis `axes[k]` of x (torch.permute), as new memory: [B, C, H, W] and <0, 2, 3, 1> → [B, H, W, C].',
  example: 'forward(x: [B, 8, 16, 16]) -> [B, 16, 16, 8] { permute(x, <0, 2, 3, 1>) }',
  operands: [{ name: 'x' }],
  attrs: { axes: { type: 'int[]' } },
  splits: (_, [y], attrs) =>
    cutAxes(y).map((axis) => ({ operands: [order(attrs['axes'], y.length)[axis]], outputs: [axis] })),
  shape: ([x], attrs) => {
    const given = attrs['axes'] as readonly number[];
    if (given.length !== x.dims.length) {
      throw new ShapeError(
        `\`permute\` of ${formatDims(x.dims)} needs ${x.dims.length} axes, found <${given.join(', ')}>`,
        [0],
      );
    }
    return [{ dims: checkedAxes('permute', x.dims, given).map((a) => x.dims[a]), dtype: 'f32' }];
  },
  gradient: ({ b, inputs, grads, attrs }) => {
    const axes = order(attrs['axes'], b.shape(inputs[0]).length);
    const inverse = axes.map((_, a) => axes.indexOf(a));
    return [b.permute(grads[0]!, inverse)];
  },
  reference: ([x], attrs, [out]) => {
    const axes = order(attrs['axes'], out.length);
    return [
      gather(x, out, (at) => {
        const from = [...at];
        axes.forEach((a, k) => {
          from[a] = at[k];
        });
        return from;
      }),
    ];
  },
  lowering: { kind: 'kernels' },
};

export const order = (axes: unknown, rank: number) =>
  (axes as readonly number[]).map((a) => resolveAxis(a, rank));

export const transpose: CompositeOp = {
  kind: 'composite',
  name: 'transpose',
  doc: 'Exchanges two axes (torch.transpose): [..., m, ..., n, ...] → [..., n, ..., m, ...].',
  example: 'forward(x: [B, 8, 256]) -> [B, 256, 8] { transpose(x, 1, 2) }',
  operands: [{ name: 'x' }],
  attrs: { axis0: { type: 'int' }, axis1: { type: 'int' } },
  shape: ([x], attrs) => {
    const axes = swapped(
      x.dims.length,
      checkedAxis('transpose', x.dims, attrs['axis0'] as number),
      checkedAxis('transpose', x.dims, attrs['axis1'] as number),
    );
    return [{ dims: axes.map((a) => x.dims[a]), dtype: 'f32' }];
  },
  expand: (b, [x], attrs) => {
    const rank = b.shape(x).length;
    const [i, j] = [attrs['axis0'], attrs['axis1']].map((a) => resolveAxis(a as number, rank));
    return [b.permute(x, swapped(rank, i, j))];
  },
};

function swapped(rank: number, i: number, j: number): number[] {
  return Array.from({ length: rank }, (_, a) => (a === i ? j : a === j ? i : a));
}
