import { Dim, type Dims, formatDims } from '../../ir/dim.ts';
import type { Shape } from '../../ir/graph.ts';
import { ShapeError } from '../../ir/op.ts';

/** Negative axes counted from the end; sorted. */
export function normaliseAxes(axes: readonly number[], rank: number): number[] {
  return axes.map((a) => (a < 0 ? a + rank : a)).sort((a, b) => a - b);
}

/** Shape after a reduction. Throws {@link ShapeError} for an axis that is not there or named twice. */
export function reducedDims(name: string, dims: Dims, axes: readonly number[], keepdim: boolean): Dims {
  const at = normaliseAxes(axes, dims.length);
  if (at.some((a, i) => a < 0 || a >= dims.length || a === at[i - 1])) {
    throw new ShapeError(`\`${name}\` over axes <${axes.join(', ')}> of ${formatDims(dims)}`, [0]);
  }
  if (keepdim) return dims.map((d, i) => (at.includes(i) ? Dim.of(1) : d));
  return dims.filter((_, i) => !at.includes(i));
}

export function keptShape(shape: Shape, axes: readonly number[]): number[] {
  return shape.map((d, i) => (axes.includes(i) ? 1 : d));
}
