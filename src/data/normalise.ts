import { type Normalisation, normaliseChannel } from '../recipe/normalisation.ts';
import type { Slice } from './case.ts';

const zScore: Normalisation = { kind: 'zscore', masked: false };

/**
 * Z-score normalisation, as nnU-Net's `ZScoreNormalization` without a mask: each channel of a case, over all
 * of its slices together, is shifted to mean 0 and divided by max(standard deviation, 1e-8), so that a
 * constant channel becomes 0. Statistics are accumulated in float64.
 *
 * @returns new slices; labels are shared with the given ones
 */
export function normaliseSlices<S extends Slice>(slices: readonly S[]): S[] {
  const results = slices.map((slice) => ({ ...slice, image: slice.image.slice() }));
  normaliseInPlace(results);
  return results;
}

/** The same to the slices themselves, for who needs their values no more: images may be as large as the memory. */
export function normaliseInPlace(slices: readonly Slice[]): void {
  for (let c = 0; c < (slices[0]?.channels ?? 0); c++) {
    const channels = slices.map((slice) => channelOf(slice, c));
    for (const [s, plane] of normaliseChannel(channels, zScore).entries()) channels[s].set(plane);
  }
}

/** Channel c of a slice, [H, W], as a view. */
export function channelOf({ image, height, width }: Slice, c: number): Float32Array {
  return image.subarray(c * height * width, (c + 1) * height * width);
}
