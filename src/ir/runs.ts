/** An axis, or several merged ones, of an index space, with its stride in each tensor that is walked along it. */
export interface Run {
  readonly size: number;
  readonly strides: readonly number[];
}

/** Joins neighbours (outermost first) that are one axis in every tensor; axes of size 1 vanish. */
export function mergeRuns(axes: readonly Run[]): Run[] {
  return joinNeighbours(
    axes.filter(({ size }) => size !== 1),
    (outer, inner) =>
      outer.strides.every((stride, t) => stride === inner.strides[t] * inner.size)
        ? { size: outer.size * inner.size, strides: inner.strides }
        : undefined,
  );
}

/** Joins neighbours as long as `join` can. */
export function joinNeighbours<T>(items: readonly T[], join: (before: T, item: T) => T | undefined): T[] {
  const joined: T[] = [];
  for (const item of items) {
    const both = joined.length === 0 ? undefined : join(joined[joined.length - 1], item);
    if (both === undefined) joined.push(item);
    else joined[joined.length - 1] = both;
  }
  return joined;
}

/** So many runs: those that are missing stand in front, of size 1. */
export function paddedRuns(runs: readonly Run[], count: number, tensors: number): Run[] {
  const none: Run = { size: 1, strides: new Array<number>(tensors).fill(0) };
  return [...new Array<Run>(Math.max(count - runs.length, 0)).fill(none), ...runs];
}

/** Elements of the index space of some runs. */
export function runLength(runs: readonly Run[]): number {
  return runs.reduce((n, r) => n * r.size, 1);
}
