import { square } from '../math.ts';

/**
 * How the values of a channel become what a network reads. Training, prediction and compiled programs apply the same;
 * a plan holds one for each channel, as JSON.
 */
export type Normalisation =
  /** Mean 0 and deviation 1 in each case, over all voxels or, with a mask, those of the object; others stay. */
  | { readonly kind: 'zscore'; readonly masked: boolean }
  /** Clipped to percentiles of the data set's foreground, then shifted and scaled by its mean and deviation. */
  | {
      readonly kind: 'ct';
      readonly low: number;
      readonly high: number;
      readonly mean: number;
      readonly std: number;
    }
  /** The smallest value of the case becomes 0, the largest 1. */
  | { readonly kind: 'rescale_0_1' }
  /** Divided by 255. */
  | { readonly kind: 'rgb_0_1' }
  | { readonly kind: 'none' };

/** nnU-Net's names of the kinds, which its plans have. */
export const schemeNames: Readonly<Record<Normalisation['kind'], string>> = {
  zscore: 'ZScoreNormalization',
  ct: 'CTNormalization',
  rescale_0_1: 'RescaleTo01Normalization',
  rgb_0_1: 'RGBTo01Normalization',
  none: 'NoNormalization',
};

/** By the name of a channel in small letters; any other name means `zscore`. */
const kinds: Readonly<Record<string, Normalisation['kind']>> = {
  ct: 'ct',
  nonorm: 'none',
  zscore: 'zscore',
  rescale_to_0_1: 'rescale_0_1',
  rgb_to_0_1: 'rgb_0_1',
};

/** What nnU-Net v2 does to a channel of that name. */
export function kindOf(channel: string): Normalisation['kind'] {
  const name = channel.toLowerCase();
  return Object.hasOwn(kinds, name) ? kinds[name] : 'zscore';
}

/** Deviations and ranges below this count as this, so that what is constant becomes 0. */
const LEAST = 1e-8;

/**
 * The values of a channel of one case, normalised. Statistics are accumulated in float64.
 *
 * @param parts of the channel, such as its slices; statistics are those of all together
 * @param masks for `masked`: of each part, which of its values belong to the object
 */
export function normaliseChannel(
  parts: readonly Float32Array[],
  normalisation: Normalisation,
  masks?: readonly Uint8Array[],
): Float32Array[] {
  switch (normalisation.kind) {
    case 'none':
      return parts.map((part) => part.slice());
    case 'rgb_0_1':
      return parts.map((part) => scaled(part, 0, 1 / 255));
    case 'rescale_0_1': {
      const [low, high] = rangeOf(parts);
      return parts.map((part) => scaled(part, low, 1 / Math.max(high - low, LEAST)));
    }
    case 'ct': {
      const { low, high, mean, std } = normalisation;
      const scale = 1 / Math.max(std, LEAST);
      return parts.map((part) => part.map((value) => (Math.min(Math.max(value, low), high) - mean) * scale));
    }
    case 'zscore': {
      if (!normalisation.masked) return zScored(parts, parts);
      const inside = parts.map((part, i) => part.filter((_, k) => masks![i][k] !== 0));
      const results = zScored(parts, inside);
      for (const [i, part] of parts.entries()) {
        for (let k = 0; k < part.length; k++) if (masks![i][k] === 0) results[i][k] = part[k];
      }
      return results;
    }
  }
}

/** @param counted the values that mean and deviation are taken of */
function zScored(parts: readonly Float32Array[], counted: readonly Float32Array[]): Float32Array[] {
  const count = counted.reduce((sum, part) => sum + part.length, 0);
  const mean = sumOf(counted) / count;
  const deviation = Math.sqrt(sumOfSquares(counted, mean) / count);
  return parts.map((part) => scaled(part, mean, 1 / Math.max(deviation, LEAST)));
}

// Loops by index: a data set is read before the first step, when nothing is compiled yet.

function sumOf(parts: readonly Float32Array[]): number {
  let sum = 0;
  for (const part of parts) for (let i = 0; i < part.length; i++) sum += part[i];
  return sum;
}

function sumOfSquares(parts: readonly Float32Array[], mean: number): number {
  let sum = 0;
  for (const part of parts) for (let i = 0; i < part.length; i++) sum += square(part[i] - mean);
  return sum;
}

function rangeOf(parts: readonly Float32Array[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) {
      low = Math.min(low, part[i]);
      high = Math.max(high, part[i]);
    }
  }
  return [low, high];
}

function scaled(part: Float32Array, shift: number, scale: number): Float32Array {
  const result = new Float32Array(part.length);
  for (let i = 0; i < part.length; i++) result[i] = (part[i] - shift) * scale;
  return result;
}
