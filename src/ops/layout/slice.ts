import { resolveAxis } from '../../ir/axis.ts';
import { type Dims, formatDims } from '../../ir/dim.ts';
import type { Attrs, Shape } from '../../ir/graph.ts';
import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';
import { uncutSplits } from '../../ir/split-rule.ts';
import { checkedAxis } from '../axis.ts';
import { gather } from './gather.ts';

export const slice: PrimitiveOp = {
  kind: 'primitive',
  name: 'slice',
  doc: 'Elements start to end - 1 of one axis; negative numbers count from its end (x[:, start:end] in PyTorch, torch.narrow): [..., n, ...] → [..., end − start, ...].',
  example: 'forward(x: [B, 8, 16, 16]) -> [B, 4, 16, 16] { slice(x, axis: 1, start: 0, end: 4) }',
  operands: [{ name: 'x' }],
  attrs: { axis: { type: 'int' }, start: { type: 'int' }, end: { type: 'int' } },
  splits: (inputs, outputs, attrs) => uncutSplits(inputs, outputs, [attrs['axis'] as number]),
  shape: ([x], attrs) => {
    const axis = checkedAxis('slice', x.dims, attrs['axis'] as number);
    return [{ dims: slicedDims(x.dims, axis, attrs), dtype: x.dtype }];
  },
  gradient: ({ b, inputs, grads, attrs }) => {
    const shape = b.shape(inputs[0]);
    const { axis, start, end } = rangeOf(shape, attrs);
    return [b.apply('pad', [grads[0]!], { padding: [start, shape[axis] - end], axes: [axis] })];
  },
  reference: ([x], attrs, [out]) => {
    const { axis, start } = rangeOf(x.shape, attrs);
    return [
      gather(x, out, (at) => {
        at[axis] += start;
        return at;
      }),
    ];
  },
  lowering: { kind: 'kernels' },
};

function slicedDims(dims: Dims, axis: number, attrs: Attrs): Dims {
  const [start, end] = [attrs['start'] as number, attrs['end'] as number];
  const dim = dims[axis];
  const range = rangeOf(
    dims.map((d) => d.size),
    attrs,
  );
  const size = dim.map(() => range.end - range.start);
  if (!size || range.start < 0 || range.start >= range.end || range.end > dim.size) {
    const why = dim.batch ? 'the batch cannot be cut' : `the axis holds 0 to ${dim.size - 1}`;
    throw new ShapeError(`\`slice\` ${start} to ${end} of axis ${axis} of ${formatDims(dims)}: ${why}`, [0]);
  }
  return dims.map((d, a) => (a === axis ? size : d));
}

export function rangeOf(shape: Shape, attrs: Attrs): { axis: number; start: number; end: number } {
  const axis = resolveAxis(attrs['axis'] as number, shape.length);
  const [start, end] = ['start', 'end'].map((name) => resolveAxis(attrs[name] as number, shape[axis]));
  return { axis, start, end };
}
