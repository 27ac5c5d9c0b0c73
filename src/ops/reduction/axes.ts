import { Dim, type Dims } from '../../ir/dim.ts';
import type { Shape } from '../../ir/graph.ts';
import { checkedAxes } from '../axis.ts';

/** Shape after a reduction. Throws {@link ShapeError} for an axis that is not there or named twice. */
export function reducedDims(name: string, dims: Dims, axes: readonly number[], keepdim: boolean): Dims {
  const at = checkedAxes(name, dims, axes);
  if (keepdim) return dims.map((d, i) => (at.includes(i) ? Dim.of(1) : d));
  return dims.filter((_, i) => !at.includes(i));
}

export function keptShape(shape: Shape, axes: readonly number[]): number[] {
  return shape.map((d, i) => (axes.includes(i) ? 1 : d));
}
