import type { Run } from '../../ir/runs.ts';

/** Runs that a kernel walks for one index. */
export const MAX_RUNS = 3;

/**
 * Moves the run that is contiguous in tensor `t` to the end, so that four steps of the index are one vec4 of
 * the tensor.
 */
export function contiguousLast(runs: readonly Run[], t: number): Run[] {
  const unit = runs.find((r) => r.strides[t] === 1);
  return unit ? [...runs.filter((r) => r !== unit), unit] : [...runs];
}
