import { elementCount, type Value } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import { lineOf } from '../../ops/attention/softmax.ts';
import { type KernelFamily, onlyVariant } from '../variant.ts';

export const softmax: KernelFamily = onlyVariant(
  'A thread a line.',
  ({ inputs: [x], outputs: [y], attrs: a, target }) => [
    lineCall(target, 'softmax', { x }, 'y', y, a['axis'] as number),
  ],
);

export const softmaxBackward: KernelFamily = onlyVariant(
  'A thread a line.',
  ({ inputs: [y, dy], outputs: [dx], attrs: a, target }) => [
    lineCall(target, 'softmax_backward', { y, dy }, 'dx', dx, a['axis'] as number),
  ],
);

/** One thread a line. */
function lineCall(
  { measured: { workgroup } }: Target,
  template: string,
  reads: Readonly<Record<string, Value>>,
  name: string,
  out: Value,
  axis: number,
): KernelCall {
  const { length, stride } = lineOf(out.shape, axis);
  const lines = elementCount(out.shape) / Math.max(length, 1);
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
