import { square } from '../../math.ts';
import { MersenneTwister } from './mersenne-twister.ts';
import { between, Float32Sum } from './numpy.ts';

/** What nnU-Net draws from the foreground of all cases together, of each channel. */
const SAMPLES = 10e7;
const SEED = 1234;
/** Samples that are drawn at once. */
const CHUNK = 2 ** 14;

/** Figures of a channel over the foreground, named as in nnU-Net's plans. */
export interface IntensityStatistics {
  readonly max: number;
  readonly mean: number;
  readonly median: number;
  readonly min: number;
  readonly percentile_00_5: number;
  readonly percentile_99_5: number;
  readonly std: number;
}

/** Samples of each case. */
export const samplesOf = (cases: number): number => Math.floor(SAMPLES / cases);

/**
 * Draws what nnU-Net samples of a case, with replacement, the channels one after the other; of a case without foreground
 * nothing.
 *
 * @param foreground of each channel, its values where the label is more than 0
 * @param summed to be added up in the order of the samples, of each channel as many numbers as it has values
 * @returns of each channel, how often each value was drawn
 */
export function sample(
  foreground: readonly Float32Array[],
  summed: readonly Float32Array[],
  sums: readonly Float32Sum[],
  samples: number,
): Uint32Array[] {
  const random = new MersenneTwister(SEED);
  const chunk = new Int32Array(CHUNK);
  return foreground.map((values, channel) => {
    const counts = new Uint32Array(values.length);
    if (values.length === 0) return counts;
    for (let left = samples; left > 0; left -= CHUNK) {
      const indices = left < CHUNK ? chunk.subarray(0, left) : chunk;
      random.fill(indices, values.length - 1);
      sums[channel].add(summed[channel], indices);
      for (let i = 0; i < indices.length; i++) counts[indices[i]]++;
    }
    return counts;
  });
}

const HALF = 2 ** 16;
const word = new DataView(new ArrayBuffer(4));

/** The place of a float32 in the order of all of them, 0 to 2^32 − 1. */
function rankOf(value: number): number {
  word.setFloat32(0, value);
  const bits = word.getUint32(0);
  return (bits >>> 31 === 0 ? bits ^ 0x80000000 : ~bits) >>> 0;
}

function valueAt(rank: number): number {
  word.setUint32(0, rank >>> 31 === 0 ? ~rank : rank ^ 0x80000000);
  return word.getFloat32(0);
}

/** A first walk over all samples of a channel: their sum, and how many there are by the upper half of their bits. */
export class FirstWalk {
  readonly sum = new Float32Sum();
  #exact = 0;
  count = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  readonly coarse = new Float64Array(HALF);

  /** @param counts how often each value was drawn */
  add(values: Float32Array, counts: Uint32Array): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (counts[i] === 0) continue;
      this.count += counts[i];
      this.#exact += counts[i] * value;
      this.min = Math.min(this.min, value);
      this.max = Math.max(this.max, value);
      this.coarse[rankOf(value) >>> 16] += counts[i];
    }
  }

  /** @param single whether NumPy computes in float32: in double where some case has no foreground */
  mean(single: boolean): number {
    return single ? Math.fround(this.sum.total() / this.count) : this.#exact / this.count;
  }
}

/** A second walk over the same samples: squares of what they differ from the mean, and what percentiles need in full. */
export class SecondWalk {
  readonly sum = new Float32Sum();
  readonly #first: FirstWalk;
  readonly #single: boolean;
  readonly #mean: number;
  #exact = 0;
  /** By the upper half of bits: how many there are with each lower half; only where a percentile lies. */
  readonly #fine: (Float64Array | undefined)[] = [];

  constructor(first: FirstWalk, single: boolean) {
    this.#first = first;
    this.#single = single;
    this.#mean = first.mean(single);
    for (const share of [0.005, 0.5, 0.995]) {
      const place = Math.floor((first.count - 1) * share);
      for (const index of [place, place + 1])
        this.#fine[this.#bucket(index).upper] ??= new Float64Array(HALF);
    }
  }

  /** What is to be summed in the order of the samples. */
  squares(values: Float32Array): Float32Array {
    return values.map((value) => square(Math.fround(value - this.#mean)));
  }

  add(values: Float32Array, counts: Uint32Array): void {
    for (let i = 0; i < values.length; i++) {
      this.#exact += counts[i] * square(values[i] - this.#mean);
      const rank = rankOf(values[i]);
      const fine = this.#fine[rank >>> 16];
      if (fine !== undefined) fine[rank % HALF] += counts[i];
    }
  }

  statistics(): IntensityStatistics {
    const { count, min, max } = this.#first;
    return {
      max,
      mean: this.#mean,
      median: this.#percentile(0.5),
      min,
      percentile_00_5: this.#percentile(0.005),
      percentile_99_5: this.#percentile(0.995),
      std: this.#single
        ? Math.fround(Math.sqrt(Math.fround(this.sum.total() / count)))
        : Math.sqrt(this.#exact / count),
    };
  }

  #percentile(share: number): number {
    const place = (this.#first.count - 1) * share;
    const low = Math.floor(place);
    const value = between(this.#sorted(low), this.#sorted(low + 1), place - low);
    return this.#single ? Math.fround(value) : value;
  }

  /** The sample that stands at an index of all of them sorted. */
  #sorted(index: number): number {
    const { upper, before } = this.#bucket(index);
    const fine = this.#fine[upper]!;
    let left = Math.min(index, this.#first.count - 1) - before;
    let lower = 0;
    while (left >= fine[lower]) left -= fine[lower++];
    return valueAt(upper * HALF + lower);
  }

  /** The upper half of the bits of the sample at an index, and how many samples lie below all that have it. */
  #bucket(index: number): { upper: number; before: number } {
    const { coarse, count } = this.#first;
    const last = Math.min(index, count - 1);
    let before = 0;
    let upper = 0;
    while (before + coarse[upper] <= last) before += coarse[upper++];
    return { upper, before };
  }
}
