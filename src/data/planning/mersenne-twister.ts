/** Words of the generator's state, and how far apart those lie that make a new one. */
const WORDS = 624;
const SHIFT = 397;

/**
 * The 32-bit Mersenne Twister MT19937 (M. Matsumoto, T. Nishimura, ACM TOMACS 1998), seeded by one number: what NumPy's
 * `RandomState(seed)` draws from. Only for figures that must equal those of Python programs; all else takes `Random`.
 */
export class MersenneTwister {
  readonly #state = new Uint32Array(WORDS);
  #next = WORDS;

  /** @param seed 0 to 2^32 − 1 */
  constructor(seed: number) {
    this.#state[0] = seed;
    for (let i = 1; i < WORDS; i++) {
      const before = this.#state[i - 1];
      this.#state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
    }
  }

  /** Uniform over the integers 0 to 2^32 − 1. */
  bits(): number {
    if (this.#next === WORDS) {
      renew(this.#state);
      this.#next = 0;
    }
    return temper(this.#state[this.#next++]) >>> 0;
  }

  /**
   * Fills an array with integers from 0 to `last`, all equally likely, as NumPy's legacy `randint` and `choice` draw them:
   * bits beyond those of `last` are masked off, and what is still too large is drawn again. Nothing is drawn where there
   * is no choice.
   *
   * @param last less than 2^31
   */
  fill(target: Int32Array, last: number): void {
    if (last === 0) {
      target.fill(0);
      return;
    }
    const mask = 0xffffffff >>> Math.clz32(last);
    const state = this.#state;
    let next = this.#next;
    for (let i = 0; i < target.length; ) {
      if (next === WORDS) {
        renew(state);
        next = 0;
      }
      const value = temper(state[next++]) & mask;
      if (value <= last) target[i++] = value;
    }
    this.#next = next;
  }
}

function temper(state: number): number {
  let word = state ^ (state >>> 11);
  word ^= (word << 7) & 0x9d2c5680;
  word ^= (word << 15) & 0xefc60000;
  return word ^ (word >>> 18);
}

function renew(state: Uint32Array): void {
  for (let i = 0; i < WORDS; i++) {
    const word = (state[i] & 0x80000000) | (state[i + 1 < WORDS ? i + 1 : 0] & 0x7fffffff);
    const apart = state[i + SHIFT < WORDS ? i + SHIFT : i + SHIFT - WORDS];
    state[i] = apart ^ (word >>> 1) ^ (-(word & 1) & 0x9908b0df);
  }
}
