import { resolveAxis } from '../../ir/axis.ts';
import { formatDims } from '../../ir/dim.ts';
import type { Attrs } from '../../ir/graph.ts';
import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';
import { uncutSplits } from '../../ir/split-rule.ts';
import { checkedAxes } from '../axis.ts';
import { gather } from './gather.ts';

export const pad: PrimitiveOp = {
  kind: 'primitive',
  name: 'pad',
  doc:
    'Zeros before and after the elements of some axes: `padding` is <before, after> of each of `axes` in turn, ' +
    'by default <top, bottom, left, right>. A negative number cuts off as many elements ' +
    '(torch.nn.functional.pad, in the order of the axes): [..., n, ...] → [..., before + n + after, ...].',
  example: 'forward(x: [B, 8, 16, 16]) -> [B, 8, 17, 18] { pad(x, <0, 1, 0, 2>) }',
  operands: [{ name: 'x' }],
  attrs: { padding: { type: 'int[]' }, axes: { type: 'int[]', default: [-2, -1] } },
  splits: (inputs, outputs, attrs) => uncutSplits(inputs, outputs, attrs['axes'] as readonly number[]),
  shape: ([x], attrs) => {
    const padding = attrs['padding'] as readonly number[];
    const given = attrs['axes'] as readonly number[];
    const axes = checkedAxes('pad', x.dims, given);
    if (padding.length !== 2 * axes.length) {
      throw new ShapeError(
        `\`pad\` needs 2 numbers for each of the axes <${given.join(', ')}>, found <${padding.join(', ')}>`,
        [0],
        'padding: <before, after> of the first axis, then of the next',
      );
    }
    const dims = [...x.dims];
    axes.forEach((a, k) => {
      const [before, after] = [padding[2 * k], padding[2 * k + 1]];
      const size = before === 0 && after === 0 ? dims[a] : dims[a].map((n) => n + before + after);
      if (!size || Math.min(before, 0) + Math.min(after, 0) <= -dims[a].size) {
        const why = dims[a].batch ? 'the batch cannot be padded' : `nothing is left of ${dims[a]}`;
        throw new ShapeError(
          `\`pad\` of axis ${given[k]} of ${formatDims(x.dims)} by ${before} and ${after}: ${why}`,
          [0],
        );
      }
      dims[a] = size;
    });
    return [{ dims, dtype: 'f32' }];
  },
  gradient: ({ b, grads, attrs }) => [
    b.apply('pad', [grads[0]!], {
      padding: (attrs['padding'] as readonly number[]).map((n) => 0 - n),
      axes: attrs['axes'],
    }),
  ],
  reference: ([x], attrs, [out]) => {
    const before = beforeOf(attrs, out.length);
    return [
      gather(x, out, (at) => {
        const from = at.map((c, a) => c - before[a]);
        return from.every((c, a) => c >= 0 && c < x.shape[a]) ? from : undefined;
      }),
    ];
  },
  lowering: { kind: 'kernels' },
};

export function beforeOf(attrs: Attrs, rank: number): number[] {
  const before = new Array<number>(rank).fill(0);
  (attrs['axes'] as readonly number[]).forEach((a, k) => {
    before[resolveAxis(a, rank)] = (attrs['padding'] as readonly number[])[2 * k];
  });
  return before;
}
