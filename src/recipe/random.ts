import { cosPi, log } from '../math.ts';

/** State of a {@link Random}: four unsigned 32-bit words, fit for JSON. */
export type RandomState = readonly [number, number, number, number];

/**
 * Seeded random numbers: the generator xoshiro128** 1.1 (D. Blackman, S. Vigna, "Scrambled linear
 * pseudorandom number generators", ACM TOMS 2021). Nothing here is shared or hidden, so the same stream gives
 * the same numbers on every machine and its state can be saved.
 */
export class Random {
  #s0: number;
  #s1: number;
  #s2: number;
  #s3: number;

  /** Goes on from a saved state; for a new stream use {@link Random.stream}. */
  constructor(state: RandomState) {
    if (!isRandomState(state)) throw new RangeError('a random state is four 32-bit words, not all 0');
    [this.#s0, this.#s1, this.#s2, this.#s3] = state;
  }

  /**
   * An independent stream for a purpose: same seed and names, same numbers. Naming streams (by purpose, epoch,
   * sample) rather than sharing one keeps each draw independent of how many others were made before it.
   *
   * @param seed any integer that a number holds exactly
   */
  static stream(seed: number, ...names: readonly (string | number)[]): Random {
    if (!Number.isSafeInteger(seed)) throw new RangeError(`seed ${seed} is not an integer`);
    const hash = new Hash();
    for (const part of [seed, ...names]) {
      if (typeof part === 'string') {
        const bytes = new TextEncoder().encode(part);
        hash.add(1);
        hash.add(bytes.length);
        for (const byte of bytes) hash.add(byte);
      } else {
        hash.add(2);
        hash.add(part | 0);
        hash.add(Math.floor(part / 2 ** 32) | 0);
      }
    }
    return new Random(hash.words());
  }

  /** The state, from which a new Random goes on. */
  state(): RandomState {
    return [this.#s0, this.#s1, this.#s2, this.#s3];
  }

  /** Uniform over the integers 0 to 2^32 − 1. */
  bits(): number {
    const s1 = this.#s1;
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    this.#s2 ^= this.#s0;
    this.#s3 ^= s1;
    this.#s1 ^= this.#s2;
    this.#s0 ^= this.#s3;
    this.#s2 ^= s1 << 9;
    this.#s3 = rotateLeft(this.#s3, 11);
    this.#s0 >>>= 0;
    this.#s1 >>>= 0;
    this.#s2 >>>= 0;
    this.#s3 >>>= 0;
    return result;
  }

  /** Uniform over [low, high), with the 53 bits of a double. */
  uniform(low = 0, high = 1): number {
    const unit = ((this.bits() >>> 5) * 2 ** 26 + (this.bits() >>> 6)) * 2 ** -53;
    return low + unit * (high - low);
  }

  /** Uniform over the integers low, …, high − 1, without bias. */
  integer(low: number, high: number): number {
    const span = high - low;
    if (!Number.isInteger(low) || !(span >= 1 && span <= 2 ** 32)) {
      throw new RangeError(`no integers from ${low} to ${high - 1}`);
    }
    // Values beyond the last whole multiple of span would favour small results: draw again.
    const limit = 2 ** 32 - (2 ** 32 % span);
    let value = this.bits();
    while (value >= limit) value = this.bits();
    return low + (value % span);
  }

  /** Normal distribution, by the Box–Muller transform; its second value is dropped to keep the state small. */
  normal(mean = 0, deviation = 1): number {
    const radius = Math.sqrt(-2 * log(1 - this.uniform()));
    return mean + deviation * radius * cosPi(2 * this.uniform());
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** A shuffled copy (Fisher–Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.integer(0, i + 1);
      [result[i], result[j]] = [result[j], result[i]];
    }
    return result;
  }
}

/** Whether a value, from a file for instance, is a state that {@link Random} accepts. */
export function isRandomState(value: unknown): value is RandomState {
  return (
    Array.isArray(value) &&
    value.length === 4 &&
    value.every((word) => Number.isInteger(word) && word >= 0 && word < 2 ** 32) &&
    value.some((word) => word !== 0)
  );
}

function rotateLeft(x: number, count: number): number {
  return (x << count) | (x >>> (32 - count));
}

/** The 32-bit finaliser of MurmurHash3 (A. Appleby): every input bit reaches every output bit. */
function scramble(x: number): number {
  let h = x;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Four lanes that absorb words, each with its own odd step so that they differ from one another. */
class Hash {
  readonly #lanes = [0x9e3779b9, 0x7f4a7c15, 0xf39cc060, 0x5cedc835];

  add(word: number): void {
    this.#lanes.forEach((lane, i) => {
      this.#lanes[i] = scramble(Math.imul(lane, 5 + 8 * i) ^ word);
    });
  }

  words(): RandomState {
    const [a, b, c, d] = this.#lanes.map((lane, i) => scramble((lane + Math.imul(i + 1, 0x9e3779b9)) | 0));
    // xoshiro's one forbidden state is all zeros.
    return (a | b | c | d) === 0 ? [1, 0, 0, 0] : [a, b, c, d];
  }
}
