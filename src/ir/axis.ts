/** An axis that may count from the end, of so many. */
export function resolveAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** Several of them, in ascending order. */
export function resolveAxes(axes: readonly number[], rank: number): number[] {
  return axes.map((axis) => resolveAxis(axis, rank)).sort((a, b) => a - b);
}
