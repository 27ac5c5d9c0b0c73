import type { Shape } from './nonzero.ts';
import { roundHalfEven } from './numpy.ts';

/** Resampling in the plane of a volume's slices, as nnU-Net v2 does it for its 2D configuration. */
export interface Resampling {
  /** [D, H, W], D as before. */
  readonly shape: Shape;
  /** The axis along which nothing is interpolated, as voxels are far longer there than along the others. */
  readonly coarse: number | undefined;
}

/** The size that a volume has at another spacing. */
export function newShape(shape: Shape, from: readonly number[], to: readonly number[]): Shape {
  const size = (a: number) => roundHalfEven((from[a] / to[a]) * shape[a]);
  return [size(0), size(1), size(2)];
}

/** Voxels more than so many times longer than others are not interpolated along. */
const ANISOTROPY = 3;

/** The axis that is treated apart: of the case's own spacing, else of the target's; none where two are equally coarse. */
export function coarseAxis(spacing: readonly number[], target: readonly number[]): number | undefined {
  const uneven = (s: readonly number[]) => Math.max(...s) / Math.min(...s) > ANISOTROPY;
  const decides = [spacing, target].find(uneven);
  if (!decides) return undefined;
  const longest = [0, 1, 2].filter((a) => decides[a] === Math.max(...decides));
  return longest.length === 1 ? longest[0] : undefined;
}

/** The values that make up one of a new line, and their weights: `from` may lie outside, where the ends go on. */
interface Taps {
  readonly from: Int32Array;
  readonly weights: Float64Array;
  readonly count: number;
}

/**
 * A channel at another size: cubic splines through the voxels, centres of voxels aligned as in scikit-image's `resize`,
 * values at the border repeated, and nothing beyond the range of the values before. Along a coarse axis the nearest.
 *
 * @param values [D, H, W]
 */
export function resampleImage(values: Float32Array, shape: Shape, to: Resampling): Float32Array {
  const [depth, height, width] = shape;
  const [, newHeight, newWidth] = to.shape;
  if (height === newHeight && width === newWidth) return values;
  const clip = rangesOf(values, shape, to.coarse);
  const rows = to.coarse === 1 ? undefined : spline(height, newHeight);
  const columns = to.coarse === 2 ? undefined : spline(width, newWidth);
  const result = new Float32Array(depth * newHeight * newWidth);
  for (let z = 0; z < depth; z++) {
    let plane: Float64Array = Float64Array.from(
      values.subarray(z * height * width, (z + 1) * height * width),
    );
    let [h, w] = [height, width];
    if (columns) plane = alongLines(plane, h, (w = newWidth), columns);
    if (rows) plane = transposed(alongLines(transposed(plane, h, w), w, newHeight, rows), w, (h = newHeight));
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++) plane[y * w + x] = clip(plane[y * w + x], z, y, x);
    const out = result.subarray(z * newHeight * newWidth, (z + 1) * newHeight * newWidth);
    for (let y = 0; y < newHeight; y++) {
      const row = h === newHeight ? y : nearest(y, h, newHeight);
      for (let x = 0; x < newWidth; x++) {
        out[y * newWidth + x] = plane[row * w + (w === newWidth ? x : nearest(x, w, newWidth))];
      }
    }
  }
  return result;
}

/**
 * Class ids at another size: each class's share of a voxel, interpolated linearly; the last class of those that have half
 * of it or more, 0 where none has.
 *
 * @param ids [D, H, W]; −1 is a class, too
 */
export function resampleLabels(ids: Int32Array, shape: Shape, to: Resampling): Int32Array {
  const [depth, height, width] = shape;
  const [, newHeight, newWidth] = to.shape;
  if (height === newHeight && width === newWidth) return ids;
  const rows = to.coarse === 1 ? near(height, newHeight) : linear(height, newHeight);
  const columns = to.coarse === 2 ? near(width, newWidth) : linear(width, newWidth);
  const result = new Int32Array(depth * newHeight * newWidth);
  const found = new Int32Array(4);
  let at = 0;
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < newHeight; y++) {
      for (let x = 0; x < newWidth; x++, at++) {
        for (let k = 0; k < 4; k++) {
          const row = inside(rows.from[y] + (k >> 1), height);
          found[k] = ids[(z * height + row) * width + inside(columns.from[x] + (k & 1), width)];
        }
        let best = Number.NEGATIVE_INFINITY;
        for (let k = 0; k < 4; k++) {
          let share = 0;
          for (let j = 0; j < 4; j++) {
            if (found[j] === found[k])
              share += rows.weights[2 * y + (j >> 1)] * columns.weights[2 * x + (j & 1)];
          }
          if (share >= 0.5 && found[k] > best) best = found[k];
        }
        result[at] = best === Number.NEGATIVE_INFINITY ? 0 : best;
      }
    }
  }
  return result;
}

/**
 * Maps at another size: linear, centres of voxels aligned, values at the border repeated. Along a coarse axis the nearest.
 *
 * @param maps [K, height, width] of `from`
 * @param coarse 1 for height, 2 for width
 * @returns [K, height, width] of `to`; the same array where the size stays
 */
export function resampleLinear(
  maps: Float32Array,
  [height, width]: readonly [number, number],
  [newHeight, newWidth]: readonly [number, number],
  coarse: number | undefined,
): Float32Array {
  if (height === newHeight && width === newWidth) return maps;
  const rows = coarse === 1 ? near(height, newHeight) : linear(height, newHeight);
  const columns = coarse === 2 ? near(width, newWidth) : linear(width, newWidth);
  const count = maps.length / (height * width);
  const result = new Float32Array(count * newHeight * newWidth);
  let at = 0;
  for (let k = 0; k < count; k++) {
    const plane = k * height * width;
    for (let y = 0; y < newHeight; y++) {
      const [above, below] = [0, 1].map((i) => plane + inside(rows.from[y] + i, height) * width);
      const [first, second] = [rows.weights[2 * y], rows.weights[2 * y + 1]];
      for (let x = 0; x < newWidth; x++, at++) {
        const [left, right] = [inside(columns.from[x], width), inside(columns.from[x] + 1, width)];
        const [a, b] = [columns.weights[2 * x], columns.weights[2 * x + 1]];
        result[at] =
          first * (a * maps[above + left] + b * maps[above + right]) +
          second * (a * maps[below + left] + b * maps[below + right]);
      }
    }
  }
  return result;
}

const inside = (i: number, size: number) => Math.min(Math.max(i, 0), size - 1);

/** Where the centre of a new voxel lies among the old ones. */
const centre = (i: number, size: number, target: number) => (size / target) * (i + 0.5) - 0.5;

const nearest = (i: number, size: number, target: number) =>
  inside(Math.floor(centre(i, size, target) + 0.5), size);

function taps(size: number, target: number, count: number, weigh: (t: number) => readonly number[]): Taps {
  const from = new Int32Array(target);
  const weights = new Float64Array(target * count);
  for (let i = 0; i < target; i++) {
    const place = centre(i, size, target);
    from[i] = Math.floor(place) - (count / 2 - 1);
    weights.set(weigh(place - Math.floor(place)), i * count);
  }
  return { from, weights, count };
}

const linear = (size: number, target: number) => taps(size, target, 2, (t) => [1 - t, t]);

/** The nearest, as two taps of which the second counts nothing. */
function near(size: number, target: number): Taps {
  const from = Int32Array.from({ length: target }, (_, i) => nearest(i, size, target));
  return { from, weights: Float64Array.from({ length: 2 * target }, (_, i) => 1 - (i % 2)), count: 2 };
}

/** Weights of four spline coefficients around a place: the cubic B-spline. `undefined` where the size stays. */
function spline(size: number, target: number): Taps | undefined {
  if (size === target) return undefined;
  return taps(size, target, 4, (t) => {
    const s = 1 - t;
    const middle = (a: number) => 2 / 3 - a * a * (1 - a / 2);
    return [(s * s * s) / 6, middle(t), middle(s), (t * t * t) / 6];
  });
}

/** Values that are repeated at either end of a line before its coefficients are found; those of ends fade with 0.27^n. */
const PADDING = 12;
const POLE = Math.sqrt(3) - 2;

/** Interpolates along each of a number of lines, which lie one after the other. */
function alongLines(
  lines: Float64Array,
  count: number,
  target: number,
  { from, weights }: Taps,
): Float64Array {
  const size = lines.length / count;
  const coefficients = new Float64Array(size + 2 * PADDING);
  const result = new Float64Array(count * target);
  for (let line = 0; line < count; line++) {
    const start = line * size;
    for (let i = 0; i < coefficients.length; i++) coefficients[i] = lines[start + inside(i - PADDING, size)];
    toCoefficients(coefficients);
    for (let i = 0; i < target; i++) {
      const first = from[i] + PADDING;
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += weights[4 * i + k] * coefficients[first + k];
      result[line * target + i] = sum;
    }
  }
  return result;
}

/**
 * Turns values into the coefficients of the cubic spline through them, in place: a recursive filter forth and back
 * (M. Unser, IEEE Signal Processing Magazine 1999). What lies beyond the ends is taken to be constant.
 */
function toCoefficients(c: Float64Array): void {
  const last = c.length - 1;
  // Sums of the geometric series of a constant.
  c[0] *= 6 / (1 - POLE);
  for (let i = 1; i <= last; i++) c[i] = 6 * c[i] + POLE * c[i - 1];
  c[last] *= -POLE / (1 - POLE);
  for (let i = last - 1; i >= 0; i--) c[i] = POLE * (c[i + 1] - c[i]);
}

function transposed(plane: Float64Array, height: number, width: number): Float64Array {
  const result = new Float64Array(plane.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) result[x * height + y] = plane[y * width + x];
  return result;
}

type Clip = (value: number, z: number, y: number, x: number) => number;

/** Brings a value within the range of the volume's values, or, with a coarse axis, of those at the same place along it. */
function rangesOf(values: Float32Array, shape: Shape, coarse: number | undefined): Clip {
  const count = coarse === undefined ? 1 : shape[coarse];
  const low = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const high = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
  const place = (z: number, y: number, x: number) => {
    if (coarse === undefined) return 0;
    return coarse === 0 ? z : coarse === 1 ? y : x;
  };
  for (let z = 0, i = 0; z < shape[0]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[2]; x++, i++) {
        const p = place(z, y, x);
        low[p] = Math.min(low[p], values[i]);
        high[p] = Math.max(high[p], values[i]);
      }
    }
  }
  return (value, z, y, x) => {
    const p = place(z, y, x);
    return Math.min(Math.max(value, low[p]), high[p]);
  };
}
