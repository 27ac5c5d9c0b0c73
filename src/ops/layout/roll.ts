import { resolveAxis } from '../../ir/axis.ts';
import { formatDims } from '../../ir/dim.ts';
import type { Attrs } from '../../ir/graph.ts';
import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';
import { uncutSplits } from '../../ir/split-rule.ts';
import { checkedAxes } from '../axis.ts';
import { gather } from './gather.ts';

export const roll: PrimitiveOp = {
  kind: 'primitive',
  name: 'roll',
  doc: 'Moves elements by `shifts[k]` places along `axes[k]`; what leaves at one end enters at the other (torch.roll): x [...] → [...].',
  example: 'forward(x: [B, 16, 16, 8]) -> [B, 16, 16, 8] { roll(x, shifts: <-3, -3>, axes: <1, 2>) }',
  operands: [{ name: 'x' }],
  attrs: { shifts: { type: 'int[]' }, axes: { type: 'int[]' } },
  splits: (inputs, outputs, attrs) => uncutSplits(inputs, outputs, attrs['axes'] as readonly number[]),
  shape: ([x], attrs) => {
    const shifts = attrs['shifts'] as readonly number[];
    const given = attrs['axes'] as readonly number[];
    const axes = checkedAxes('roll', x.dims, given);
    if (shifts.length !== axes.length) {
      throw new ShapeError(
        `\`roll\` needs as many shifts as axes, found <${shifts.join(', ')}> and <${given.join(', ')}>`,
        [0],
      );
    }
    if (axes.some((a) => x.dims[a].batch)) {
      throw new ShapeError(`\`roll\` of ${formatDims(x.dims)}: the batch cannot be rolled`, [0]);
    }
    return [{ dims: x.dims, dtype: 'f32' }];
  },
  gradient: ({ b, grads, attrs }) => [
    b.apply('roll', [grads[0]!], {
      shifts: (attrs['shifts'] as readonly number[]).map((n) => 0 - n),
      axes: attrs['axes'],
    }),
  ],
  reference: ([x], attrs, [out]) => {
    const shifts = shiftsOf(attrs, out.length);
    return [gather(x, out, (at) => at.map((c, a) => modulo(c - shifts[a], out[a])))];
  },
  lowering: { kind: 'kernels' },
};

export function shiftsOf(attrs: Attrs, rank: number): number[] {
  const shifts = new Array<number>(rank).fill(0);
  (attrs['axes'] as readonly number[]).forEach((a, k) => {
    shifts[resolveAxis(a, rank)] = (attrs['shifts'] as readonly number[])[k];
  });
  return shifts;
}

export function modulo(a: number, n: number): number {
  return ((a % n) + n) % n;
}
