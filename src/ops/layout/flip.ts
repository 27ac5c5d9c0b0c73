import { resolveAxis } from '../../ir/axis.ts';
import { formatDims } from '../../ir/dim.ts';
import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';
import { uncutSplits } from '../../ir/split-rule.ts';
import { checkedAxes } from '../axis.ts';
import { gather } from './gather.ts';

export const flip: PrimitiveOp = {
  kind: 'primitive',
  name: 'flip',
  doc: 'Reverses the order along axes (torch.flip): x [...] → [...].',
  example: 'forward(x: [B, 8, 16, 16]) -> [B, 8, 16, 16] { flip(x, axes: <2, 3>) }',
  operands: [{ name: 'x' }],
  attrs: { axes: { type: 'int[]' } },
  splits: (inputs, outputs, attrs) => uncutSplits(inputs, outputs, attrs['axes'] as readonly number[]),
  shape: ([x], attrs) => {
    const axes = checkedAxes('flip', x.dims, attrs['axes'] as readonly number[]);
    if (axes.some((a) => x.dims[a].batch)) {
      throw new ShapeError(`\`flip\` of ${formatDims(x.dims)}: the batch cannot be flipped`, [0]);
    }
    return [{ dims: x.dims, dtype: 'f32' }];
  },
  gradient: ({ b, grads, attrs }) => [b.apply('flip', [grads[0]!], attrs)],
  reference: ([x], attrs, [out]) => {
    const axes = flippedAxes(attrs['axes'], out.length);
    return [gather(x, out, (at) => at.map((c, a) => (axes.includes(a) ? out[a] - 1 - c : c)))];
  },
  lowering: { kind: 'kernels' },
};

export const flippedAxes = (axes: unknown, rank: number) =>
  (axes as readonly number[]).map((a) => resolveAxis(a, rank));
