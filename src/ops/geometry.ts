import { type Dims, formatDims } from '../ir/dim.ts';
import { elementCount, type Shape } from '../ir/graph.ts';
import { ShapeError } from '../ir/op.ts';

/** How a window moves along one axis of a map: at place p its tap t reads p · stride + t · dilation − before. */
export interface WindowAxis {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding at the axis' start and end. */
  readonly before: number;
  readonly after: number;
}

/** How many places a window has along an axis; below 1 where it does not fit. */
export function placeCount({ kernel, stride, dilation, before, after }: WindowAxis, size: number): number {
  return Math.floor((size + before + after - dilation * (kernel - 1) - 1) / stride) + 1;
}

/** The least size of an axis on which a window has so many places. */
export function coveredSize({ kernel, stride, dilation, before, after }: WindowAxis, places: number): number {
  return (places - 1) * stride + dilation * (kernel - 1) + 1 - before - after;
}

/** Calls `visit` for every coordinate of a shape, row-major. The array that it gets is the same each time. */
export function eachCoordinate(shape: Shape, visit: (flat: number, at: readonly number[]) => void): void {
  const count = elementCount(shape);
  const at = shape.map(() => 0);
  for (let flat = 0; flat < count; flat++) {
    visit(flat, at);
    for (let a = shape.length - 1; a >= 0 && ++at[a] === shape[a]; a--) at[a] = 0;
  }
}

/** Taps of windows that lie side by side along the last axis. */
export interface TapRows {
  /** Four numbers a row: flat index of the place, of the first tap's element, of the first tap, and how many taps. */
  readonly rows: readonly number[];
  /** From one tap's element to the next one's. */
  readonly step: number;
}

/** All taps that lie inside the map, place by place, taps in row-major order; for any number of axes. */
export function tapRows(axes: readonly WindowAxis[], map: Shape, places: Shape): TapRows {
  const inside = axes.map((axis, a) =>
    Array.from({ length: places[a] }, (_, p) => tapsInside(axis, map[a], p)),
  );
  const last = axes.length - 1;
  const rows: number[] = [];
  eachCoordinate(places, (place, at) => {
    const walk = (a: number, element: number, tap: number): void => {
      const { first, count, start } = inside[a][at[a]];
      const { kernel, dilation } = axes[a];
      if (a === last) {
        if (count > 0) rows.push(place, element * map[a] + start, tap * kernel + first, count);
        return;
      }
      for (let k = 0; k < count; k++)
        walk(a + 1, element * map[a] + start + k * dilation, tap * kernel + first + k);
    };
    walk(0, 0, 0);
  });
  return { rows, step: axes[last].dilation };
}

/** The taps at place `p` that read the axis: the first, how many, and what the first reads. */
function tapsInside({ kernel, stride, dilation, before }: WindowAxis, size: number, p: number) {
  const start = p * stride - before;
  const first = start < 0 ? Math.ceil(-start / dilation) : 0;
  const count = Math.max(0, Math.min(kernel, Math.ceil((size - start) / dilation)) - first);
  return { first, count, start: start + first * dilation };
}

const axisNames = [['length'], ['height', 'width'], ['depth', 'height', 'width']];
const axisLetters = [['L'], ['H', 'W'], ['D', 'H', 'W']];

/** What axis `a` of a map's `rank` axes is called in messages. */
export const axisName = (a: number, rank: number): string => `the ${axisNames[rank - 1]?.[a] ?? `axis ${a}`}`;

/** `H, W`: the axes of a map, as messages write them. */
export const axisText = (rank: number, suffix = ''): string =>
  (axisLetters[rank - 1] ?? Array.from({ length: rank }, (_, a) => `S${a}`))
    .map((letter) => `${letter}${suffix}`)
    .join(', ');

/** `kh, kw`: the axes of a kernel. */
export const kernelText = (rank: number): string =>
  rank === 1
    ? 'k'
    : axisText(rank)
        .toLowerCase()
        .replace(/\w+/g, (letter) => `k${letter}`);

/** The axes of a map [B, C, ...] behind its channels, of which there must be `rank`. Throws {@link ShapeError}. */
export function mapAxes(op: string, dims: Dims, rank: number): Dims {
  if (dims.length === rank + 2) return dims.slice(2);
  throw new ShapeError(`\`${op}\` needs [B, C, ${axisText(rank)}], found ${formatDims(dims)}`, [0]);
}

/** The axes of a map [B, ..., C] between the batch and the channels, of which there must be `rank`. Throws {@link ShapeError}. */
export function mapAxesBefore(op: string, dims: Dims, rank: number): Dims {
  if (dims.length === rank + 2) return dims.slice(1, -1);
  throw new ShapeError(`\`${op}\` needs [B, ${axisText(rank)}, C], found ${formatDims(dims)}`, [0]);
}
