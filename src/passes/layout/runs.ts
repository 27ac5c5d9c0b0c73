/** An axis of an index space with its stride in each tensor. */
interface Run {
  readonly size: number;
  readonly strides: readonly number[];
}

/** Runs of axes that kernels of contractions and reductions walk for each of their indices. */
const MOST_RUNS = 3;

/** Whether axes, outermost first, are so few runs when those that are one in every tensor are taken together. */
export function isWalkable(axes: readonly Run[]): boolean {
  let count = 0;
  let last: Run | undefined;
  for (const axis of axes) {
    if (axis.size === 1) continue;
    const goesOn = last?.strides.every((s, t) => s === axis.strides[t] * axis.size);
    if (!goesOn) count++;
    last = axis;
  }
  return count <= MOST_RUNS;
}
