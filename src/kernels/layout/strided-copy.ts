import { type Shape, stridesOf } from '../../ir/graph.ts';
import { joinNeighbours } from '../../ir/runs.ts';

/**
 * One axis of a copy's output. At coordinate `c` the source is read `((c + shift) mod size) · stride`
 * elements further on.
 */
export interface CopyAxis {
  readonly size: number;
  /** In elements of the source; negative where the axis runs backwards. */
  readonly stride: number;
  /** Rotation, 0 ≤ shift < size. */
  readonly shift?: number;
  /** Only coordinates within [begin, end) have a source element; the others are 0. */
  readonly begin?: number;
  readonly end?: number;
}

/** Every element of the output, row-major over `axes`, is an element of the source, or 0. */
export interface StridedCopy {
  readonly axes: readonly CopyAxis[];
  /** Element of the source that the output's coordinate 0 stands for (it may lie outside it, behind a pad). */
  readonly base: number;
}

const isWhole = (a: CopyAxis) => !a.shift && (a.begin ?? 0) <= 0 && (a.end ?? a.size) >= a.size;

/** Drops axes of size 1 and merges neighbours that are one run in the source as well. */
export function mergeAxes(copy: StridedCopy): StridedCopy {
  const merged = joinNeighbours(
    copy.axes.filter((axis) => axis.size !== 1 || !isWhole(axis)),
    (outer, inner) =>
      isWhole(inner) && outer.stride === inner.stride * inner.size
        ? {
            size: outer.size * inner.size,
            stride: inner.stride,
            shift: (outer.shift ?? 0) * inner.size,
            begin: (outer.begin ?? 0) * inner.size,
            end: (outer.end ?? outer.size) * inner.size,
          }
        : undefined,
  );
  return { axes: merged.length === 0 ? [{ size: 1, stride: 0 }] : merged, base: copy.base };
}

/** Output coordinate c is the source's c - before, where that exists. */
export function window(from: Shape, out: Shape, before: readonly number[]): StridedCopy {
  const strides = stridesOf(from);
  return {
    base: -before.reduce((at, n, a) => at + n * strides[a], 0),
    axes: out.map((size, a) => ({
      size,
      stride: strides[a],
      begin: before[a],
      end: before[a] + from[a],
    })),
  };
}
