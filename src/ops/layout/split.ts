import { resolveAxis } from '../../ir/axis.ts';
import { type Dim, formatDims } from '../../ir/dim.ts';
import type { ValueId } from '../../ir/graph.ts';
import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';
import { uncutSplits } from '../../ir/split-rule.ts';
import { checkedAxis } from '../axis.ts';
import { gather } from './gather.ts';

export const split: PrimitiveOp = {
  kind: 'primitive',
  name: 'split',
  doc: 'Cuts an axis into pieces of the given sizes, one output each (torch.split): [..., n, ...] → [..., sizes[0], ...], …',
  example:
    'forward(x: [B, 8, 16, 16]) -> [B, 8, 16, 16] {\n  (a, b) = split(x, sizes: <2, 6>, axis: 1)\n  concat(b, a, axis: 1)\n}',
  operands: [{ name: 'x' }],
  attrs: { sizes: { type: 'int[]' }, axis: { type: 'int' } },
  splits: (inputs, outputs, attrs) => uncutSplits(inputs, outputs, [attrs['axis'] as number]),
  shape: ([x], attrs) => {
    const sizes = attrs['sizes'] as readonly number[];
    const axis = checkedAxis('split', x.dims, attrs['axis'] as number);
    const total = sizes.reduce((sum, n) => sum + n, 0);
    if (sizes.length === 0 || sizes.some((n) => n < 1) || !x.dims[axis].equals(total)) {
      throw new ShapeError(
        `\`split\` of axis ${axis} of ${formatDims(x.dims)} into <${sizes.join(', ')}>: ` +
          (x.dims[axis].batch
            ? 'the batch cannot be split'
            : `the sizes sum to ${total}, the axis holds ${x.dims[axis].size}`),
        [0],
        x.dims[axis].batch ? undefined : `positive sizes that sum to ${x.dims[axis].size}`,
      );
    }
    const piece = (n: number) => x.dims[axis].map(() => n) as Dim;
    return sizes.map((n) => ({ dims: x.dims.map((d, a) => (a === axis ? piece(n) : d)), dtype: 'f32' }));
  },
  gradient: ({ b, inputs, grads, attrs }) => {
    const axis = attrs['axis'] as number;
    const sizes = attrs['sizes'] as readonly number[];
    if (grads.every((g) => g !== undefined)) return [b.apply('concat', grads as ValueId[], { axis })];
    const starts = startsOf(sizes).filter((_, k) => grads[k] !== undefined);
    const given = grads.filter((g) => g !== undefined);
    return [b.apply('place', given, { axis, starts, size: b.shape(inputs[0]).at(axis)! })];
  },
  reference: ([x], attrs, outs) => {
    const starts = startsOf(attrs['sizes'] as readonly number[]);
    const axis = resolveAxis(attrs['axis'] as number, x.shape.length);
    return outs.map((out, k) =>
      gather(x, out, (at) => {
        at[axis] += starts[k];
        return at;
      }),
    );
  },
  lowering: { kind: 'kernels' },
};

export function startsOf(sizes: readonly number[]): number[] {
  let start = 0;
  return sizes.map((n) => (start += n) - n);
}
