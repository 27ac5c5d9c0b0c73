import { exp, log, square } from '../../math.ts';
import type { AugmentOf } from '../../recipe/augmentations.ts';
import type { Random } from '../../recipe/random.ts';
import type { Slice } from '../case.ts';
import { channelOf } from '../normalise.ts';
import { drawChannels } from './draws.ts';

/** What brightness or contrast multiplies each channel by; 1 where it is left as it is. */
export function drawFactors(
  count: number,
  { range, probability, channels }: AugmentOf<'brightness' | 'contrast'>,
  random: Random,
): number[] {
  const factor = () => random.uniform(1 - range, 1 + range);
  if (channels === undefined) {
    return Array.from({ length: count }, () => (random.chance(probability) ? factor() : 1));
  }
  return drawChannels(count, { probability, channels }, random, factor).map((drawn) => drawn ?? 1);
}

/** The exponents of all channels; 1 where the sample is left as it is. */
export function drawExponents(
  count: number,
  { low, high, probability }: AugmentOf<'gamma' | 'inverted_gamma'>,
  random: Random,
): number[] {
  const exponent = () => {
    const lower = low < 1 && (high === 1 || random.chance(0.5));
    return lower ? random.uniform(low, 1) : random.uniform(1, high);
  };
  return drawChannels(count, { probability, channels: 1 }, random, exponent).map((drawn) => drawn ?? 1);
}

/** Copy whose channel c is multiplied by `factors[c]`. */
export function adjustBrightness<S extends Slice>(slice: S, factors: readonly number[]): S {
  return mapChannels(slice, factors, (channel, factor) => channel.map((value) => value * factor));
}

/** Copy whose channel c is stretched about its mean by `factors[c]` and clipped to its former range. */
export function adjustContrast<S extends Slice>(slice: S, factors: readonly number[]): S {
  return mapChannels(slice, factors, (channel, factor) => {
    let [sum, low, high] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of channel) {
      sum += value;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    const mean = sum / channel.length;
    return channel.map((value) => Math.min(Math.max((value - mean) * factor + mean, low), high));
  });
}

/**
 * Copy whose channel c is ((v − least) / range)^exponents[c] · range + least, then shifted and stretched to the mean
 * and the standard deviation that it had; `inverted`: the same of −v. A channel of one value stays as it is.
 */
export function adjustGamma<S extends Slice>(slice: S, exponents: readonly number[], inverted: boolean): S {
  return mapChannels(slice, exponents, (channel, exponent) => {
    const before = statisticsOf(channel);
    const range = before.high - before.low;
    if (range === 0) return channel;
    const end = inverted ? before.high : before.low;
    const step = inverted ? -range : range;
    const raised = new Float64Array(channel.length);
    for (let i = 0; i < channel.length; i++) {
      raised[i] = end + step * exp(exponent * log((channel[i] - end) / step));
    }
    const { mean, deviation } = statisticsOf(raised);
    const stretch = before.deviation / Math.max(deviation, 1e-7);
    const result = new Float32Array(channel.length);
    for (let i = 0; i < result.length; i++) result[i] = (raised[i] - mean) * stretch + before.mean;
    return result;
  });
}

function statisticsOf(values: Float32Array | Float64Array) {
  let [sum, low, high] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    sum += values[i];
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
  }
  const mean = sum / values.length;
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += square(values[i] - mean);
  return { mean, low, high, deviation: Math.sqrt(squares / values.length) };
}

function mapChannels<S extends Slice>(
  slice: S,
  factors: readonly number[],
  change: (channel: Float32Array, factor: number) => Float32Array,
): S {
  if (factors.length !== slice.channels) {
    throw new RangeError(`${factors.length} factors for ${slice.channels} channels`);
  }
  const image = Float32Array.from(slice.image);
  factors.forEach((factor, c) => {
    if (factor !== 1) image.set(change(channelOf(slice, c), factor), c * slice.height * slice.width);
  });
  return { ...slice, image };
}
