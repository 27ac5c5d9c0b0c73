/** An axis, or several merged ones, of the index space of a contraction, with its stride in each tensor. */
export interface Run {
  readonly size: number;
  readonly strides: readonly number[];
}

/** Runs that a kernel walks for one index. */
export const MAX_RUNS = 3;

/** Joins neighbours (outermost first) that are one axis in every tensor; axes of size 1 vanish. */
export function mergeRuns(axes: readonly Run[]): Run[] {
  const merged: Run[] = [];
  for (const axis of axes) {
    if (axis.size === 1) continue;
    const last = merged.at(-1);
    if (last?.strides.every((s, t) => s === axis.strides[t] * axis.size)) {
      merged[merged.length - 1] = { size: last.size * axis.size, strides: axis.strides };
    } else merged.push(axis);
  }
  return merged;
}

export function sizeOf(runs: readonly Run[]): number {
  return runs.reduce((n, r) => n * r.size, 1);
}

/**
 * Moves the run that is contiguous in tensor `t` to the end, so that four steps of the index are one vec4 of
 * the tensor.
 */
export function contiguousLast(runs: readonly Run[], t: number): Run[] {
  const unit = runs.find((r) => r.strides[t] === 1);
  return unit ? [...runs.filter((r) => r !== unit), unit] : [...runs];
}
