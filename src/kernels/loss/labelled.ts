import type { Value } from '../../ir/graph.ts';

/** What all kernels of losses read: logits, class ids and log-sum-exp. */
export const labelledReads = ([x, target, lse]: readonly Value[]) => [
  { name: 'x', value: x },
  { name: 'labels', value: target },
  { name: 'lse', value: lse },
];
