import { elementCount, type Value } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import { lineOf } from '../../ops/attention/softmax.ts';
import { threadsOf } from '../threads.ts';
import { type KernelFamily, type KernelNode, withCpuVariant } from '../variant.ts';

const rows = {
  name: 'rows',
  doc: 'A thread a line of neighbours, by vectors along it.',
  suits: ({ outputs: [out], attrs: a }: KernelNode) => lineOf(out.shape, a['axis'] as number).stride === 1,
};

export const softmax: KernelFamily = withCpuVariant(
  'A thread a line.',
  ({ inputs: [x], outputs: [y], attrs: a, target }) => [
    lineCall(target, 'softmax', { x }, 'y', y, a['axis'] as number),
  ],
  {
    ...rows,
    calls: ({ inputs: [x], outputs: [y], attrs: a, target }) => [
      lineCall(target, 'softmax_rows', { x }, 'y', y, a['axis'] as number),
    ],
  },
);

export const softmaxBackward: KernelFamily = withCpuVariant(
  'A thread a line.',
  ({ inputs: [y, dy], outputs: [dx], attrs: a, target }) => [
    lineCall(target, 'softmax_backward', { y, dy }, 'dx', dx, a['axis'] as number),
  ],
  {
    ...rows,
    calls: ({ inputs: [y, dy], outputs: [dx], attrs: a, target }) => [
      lineCall(target, 'softmax_rows_backward', { y, dy }, 'dx', dx, a['axis'] as number),
    ],
  },
);

/** One thread a line. */
function lineCall(
  target: Target,
  template: string,
  reads: Readonly<Record<string, Value>>,
  name: string,
  out: Value,
  axis: number,
): KernelCall {
  const { length, stride } = lineOf(out.shape, axis);
  const lines = elementCount(out.shape) / Math.max(length, 1);
  const workgroup = threadsOf(target, length);
  return {
    template,
    options: { workgroup },
    uniforms: [
      ['lines', 'u32', lines],
      ['length', 'u32', length],
      ['stride', 'u32', stride],
    ],
    reads: Object.entries(reads).map(([n, value]) => ({ name: n, value, loads: 'few' })),
    writes: [{ name, value: out }],
    workgroups: Math.ceil(lines / workgroup),
    fusable: name,
  };
}
