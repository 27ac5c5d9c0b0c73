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
  if (slices.length === 0) return [];
  const results = slices.map((slice) => ({ ...slice, image: new Float32Array(slice.image.length) }));
  for (let c = 0; c < slices[0].channels; c++) {
    const planes = normaliseChannel(
      slices.map((slice) => channelOf(slice, c)),
      zScore,
    );
    for (const [s, plane] of planes.entries()) channelOf(results[s], c).set(plane);
  }
  return results;
}

/** Channel c of a slice, [H, W], as a view. */
export function channelOf({ image, height, width }: Slice, c: number): Float32Array {
  return image.subarray(c * height * width, (c + 1) * height * width);
}
