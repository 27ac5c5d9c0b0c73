import { exp, square } from '../../math.ts';
import type { AugmentOf } from '../../recipe/augmentations.ts';
import type { Random } from '../../recipe/random.ts';
import type { Slice } from '../case.ts';
import { channelOf } from '../normalise.ts';
import { drawChannels } from './draws.ts';

/** Gaussian blur of some channels, with a σ for each axis. */
export function augmentBlur<S extends Slice>(slice: S, args: AugmentOf<'gaussian_blur'>, random: Random): S {
  const sigma = () => random.uniform(args.low, args.high);
  const sigmas = drawChannels(slice.channels, args, random, () => [sigma(), sigma()] as const);
  const result = { ...slice, image: Float32Array.from(slice.image) };
  sigmas.forEach((pair, c) => {
    if (pair) blur(channelOf(result, c), slice.height, slice.width, ...pair);
  });
  return result;
}

/**
 * Blurs a plane [H, W] in place, along the rows' axis with `vertical` and along the columns' with `horizontal` as σ.
 * Edges are mirrored, the outermost pixels not repeated.
 */
export function blur(
  plane: Float32Array,
  height: number,
  width: number,
  vertical: number,
  horizontal: number,
): void {
  const down = kernelOf(vertical);
  const across = kernelOf(horizontal);
  const lines = new Float64Array(plane.length);
  for (let y = 0; y < height; y++) {
    const line = lines.subarray(y * width, (y + 1) * width);
    for (let k = 0; k < down.length; k++) {
      const from = mirrored(y + k - (down.length >> 1), height) * width;
      const weight = down[k];
      for (let x = 0; x < width; x++) line[x] += weight * plane[from + x];
    }
  }
  const radius = across.length >> 1;
  const columns = Int32Array.from({ length: width + 2 * radius }, (_, i) => mirrored(i - radius, width));
  const padded = new Float64Array(columns.length);
  for (let y = 0; y < height; y++) {
    for (let i = 0; i < columns.length; i++) padded[i] = lines[y * width + columns[i]];
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < across.length; k++) sum += across[k] * padded[x + k];
      plane[y * width + x] = sum;
    }
  }
}

/** Of sum 1, and as wide as nnU-Net's: the odd number at or below 6σ + 1.5, so that σ below 1/4 leaves one weight. */
function kernelOf(sigma: number): Float64Array {
  const radius = Math.floor(3 * sigma + 0.25);
  if (radius === 0) return Float64Array.of(1);
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    exp(-0.5 * square((i - radius) / sigma)),
  );
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}

/** The index 0 … size − 1 that lies at `i` when a line is mirrored at its outermost pixels, again and again. */
function mirrored(i: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const phase = ((i % period) + period) % period;
  return Math.min(phase, period - phase);
}
