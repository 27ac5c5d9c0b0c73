import { square } from '../math.ts';
import type { Slice } from './case.ts';

/**
 * Z-score normalisation, as nnU-Net's `ZScoreNormalization` without a mask: each channel of a case, over all
 * of its slices together, is shifted to mean 0 and divided by max(standard deviation, 1e-8), so that a
 * constant channel becomes 0. Statistics are accumulated in float64.
 *
 * @returns new slices; labels are shared with the given ones
 */
export function normaliseSlices<S extends Slice>(slices: readonly S[]): S[] {
  if (slices.length === 0) return [];
  const results = slices.map((slice) => ({ ...slice, image: new Float32Array(slice.image.length) }));
  for (let c = 0; c < slices[0].channels; c++) {
    const planes = slices.map((slice) => channelOf(slice, c));
    const count = planes.reduce((sum, plane) => sum + plane.length, 0);
    const mean = sumOf(planes) / count;
    const deviation = Math.sqrt(sumOfSquares(planes, mean) / count);
    const scale = 1 / Math.max(deviation, 1e-8);
    results.forEach((result, s) => {
      scaleInto(channelOf(result, c), planes[s], mean, scale);
    });
  }
  return results;
}

/** Channel c of a slice, [H, W], as a view. */
export function channelOf({ image, height, width }: Slice, c: number): Float32Array {
  return image.subarray(c * height * width, (c + 1) * height * width);
}

// Loops by index: a data set is read before the first step, when nothing is compiled yet.

function sumOf(planes: readonly Float32Array[]): number {
  let sum = 0;
  for (const plane of planes) for (let i = 0; i < plane.length; i++) sum += plane[i];
  return sum;
}

function sumOfSquares(planes: readonly Float32Array[], mean: number): number {
  let sum = 0;
  for (const plane of planes) for (let i = 0; i < plane.length; i++) sum += square(plane[i] - mean);
  return sum;
}

function scaleInto(target: Float32Array, plane: Float32Array, mean: number, scale: number): void {
  for (let i = 0; i < plane.length; i++) target[i] = (plane[i] - mean) * scale;
}
