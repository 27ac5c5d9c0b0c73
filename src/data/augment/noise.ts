import type { AugmentOf } from '../../recipe/augmentations.ts';
import type { Random } from '../../recipe/random.ts';
import type { Slice } from '../case.ts';
import { channelOf } from '../normalise.ts';

/**
 * Gaussian noise as nnU-Net adds it: what it calls the noise's variance is drawn uniformly, and used as its standard
 * deviation; one plane of noise goes to all channels.
 */
export function augmentNoise<S extends Slice>(
  slice: S,
  { deviation, probability }: AugmentOf<'gaussian_noise'>,
  random: Random,
): S {
  if (!random.chance(probability)) return slice;
  const drawn = random.uniform(0, deviation);
  const noise = new Float32Array(slice.height * slice.width);
  for (let i = 0; i < noise.length; i++) noise[i] = random.normal(0, drawn);
  const result = { ...slice, image: Float32Array.from(slice.image) };
  for (let c = 0; c < slice.channels; c++) {
    const plane = channelOf(result, c);
    for (let i = 0; i < noise.length; i++) plane[i] += noise[i];
  }
  return result;
}
