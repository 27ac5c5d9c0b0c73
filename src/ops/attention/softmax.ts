import { resolveAxis } from '../../ir/axis.ts';
import { elementCount, type Shape } from '../../ir/graph.ts';
import type { PrimitiveOp, RefTensor } from '../../ir/op.ts';
import { uncutSplits } from '../../ir/split-rule.ts';
import { exp } from '../../math.ts';
import { checkedAxis } from '../axis.ts';

const attrs = { axis: { type: 'int', default: -1 } } as const;

export const softmax: PrimitiveOp = {
  kind: 'primitive',
  name: 'softmax',
  doc: 'exp(x − max) / Σ exp(x − max) along one axis (torch.softmax): x [...] → [...].',
  example: 'forward(x: [B, 4, 8, 8]) -> [B, 4, 8, 8] { softmax(x, axis: -1) }',
  operands: [{ name: 'x' }],
  attrs,
  splits: (inputs, outputs, attrs) => uncutSplits(inputs, outputs, [attrs['axis'] as number]),
  shape: ([{ dims }], a) => {
    checkedAxis('softmax', dims, a['axis'] as number);
    return [{ dims, dtype: 'f32' }];
  },
  gradient: ({ b, outputs, grads, attrs: a }) => [b.apply('softmax_backward', [outputs[0], grads[0]!], a)],
  reference: ([x], a, [out]) => {
    const data = new Float64Array(x.data.length);
    eachLine(x.shape, a['axis'] as number, (line) => {
      const largest = line.reduce((m, i) => Math.max(m, x.data[i]), Number.NEGATIVE_INFINITY);
      const sum = line.reduce((s, i) => s + exp(x.data[i] - largest), 0);
      for (const i of line) data[i] = exp(x.data[i] - largest) / sum;
    });
    return [{ shape: out, data }];
  },
  lowering: { kind: 'kernels' },
};

export const softmaxBackward: PrimitiveOp = {
  kind: 'primitive',
  name: 'softmax_backward',
  doc: 'Gradient of softmax from its output y: y · (dy − Σ dy·y).',
  operands: [{ name: 'y' }, { name: 'dy' }],
  attrs,
  internal: true,
  splits: (inputs, outputs, attrs) => uncutSplits(inputs, outputs, [attrs['axis'] as number]),
  shape: ([y]) => [{ dims: y.dims, dtype: 'f32' }],
  reference: ([y, dy], a, [out]) => {
    const data = new Float64Array(y.data.length);
    eachLine(y.shape, a['axis'] as number, (line) => {
      const dot = line.reduce((s, i) => s + y.data[i] * dy.data[i], 0);
      for (const i of line) data[i] = y.data[i] * (dy.data[i] - dot);
    });
    return [{ shape: out, data } satisfies RefTensor];
  },
  lowering: { kind: 'kernels' },
};

/** Length of the axis, and distance of neighbours along it. */
export function lineOf(shape: Shape, axis: number) {
  const at = resolveAxis(axis, shape.length);
  return { length: shape[at], stride: elementCount(shape.slice(at + 1)) };
}

/** Calls `f` with the indices of each line along the axis. */
function eachLine(shape: Shape, axis: number, f: (line: number[]) => void): void {
  const { length, stride } = lineOf(shape, axis);
  const lines = elementCount(shape) / Math.max(length, 1);
  for (let l = 0; l < lines; l++) {
    const base = Math.floor(l / stride) * stride * length + (l % stride);
    f(Array.from({ length }, (_, k) => base + k * stride));
  }
}
