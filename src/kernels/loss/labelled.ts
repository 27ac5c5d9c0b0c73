import type { Value } from '../../ir/graph.ts';
import type { Target } from '../../ir/target.ts';
import { logitLayout } from '../../ops/loss/labels.ts';
import { chunks } from '../reduction/chunks.ts';
import { threadsOf } from '../threads.ts';
import type { KernelNode } from '../variant.ts';

/** What all kernels of losses read: logits, class ids and log-sum-exp. */
export const labelledReads = ([x, target, lse]: readonly Value[]) => [
  { name: 'x', value: x },
  { name: 'labels', value: target },
  { name: 'lse', value: lse },
];

/** Where vectors along the positions are worth it: else these are too few. */
export const lanesSuit = ({ inputs: [x] }: KernelNode): boolean => logitLayout(x.shape).inner >= 16;

/** Threads that take some neighbouring positions of a sample each, with all their classes. */
export function positionTiles(target: Target, x: Value) {
  const { classes, inner, positions } = logitLayout(x.shape);
  const samples = positions / inner;
  const { parts, chunk } = chunks(target, inner, samples);
  const workgroup = threadsOf(target, chunk * classes);
  return {
    workgroup,
    threads: samples * parts,
    workgroups: Math.ceil((samples * parts) / workgroup),
    uniforms: [
      ['samples', 'u32', samples],
      ['classes', 'u32', classes],
      ['inner', 'u32', inner],
      ['parts', 'u32', parts],
      ['chunk', 'u32', chunk],
    ] as const,
  };
}
