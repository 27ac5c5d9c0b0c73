import { Random } from '../recipe/random.ts';

/**
 * Which samples make up the batch of a step: each epoch is a new permutation of all samples, and a batch may
 * run over the end of one into the next. The answer depends on seed and step alone, so a position in the
 * sequence is one number. It knows nothing of what a sample is: segmentation and classification share it.
 */
export class Sampler {
  readonly #seed: number;
  readonly #samples: number;
  readonly #batch: number;
  readonly #orders = new Map<number, readonly number[]>();

  /**
   * @param samples how many there are, at least 1
   * @param batch samples a step, at least 1
   */
  constructor(seed: number, samples: number, batch: number) {
    if (!(Number.isInteger(samples) && samples >= 1 && Number.isInteger(batch) && batch >= 1)) {
      throw new RangeError(`batches of ${batch} from ${samples} samples`);
    }
    this.#seed = seed;
    this.#samples = samples;
    this.#batch = batch;
  }

  /** Indices of the samples of a step (0, 1, …). */
  indices(step: number): number[] {
    return Array.from({ length: this.#batch }, (_, b) => {
      const position = step * this.#batch + b;
      return this.#order(Math.floor(position / this.#samples))[position % this.#samples];
    });
  }

  #order(epoch: number): readonly number[] {
    const known = this.#orders.get(epoch);
    if (known !== undefined) return known;
    const all = Array.from({ length: this.#samples }, (_, i) => i);
    const order = Random.stream(this.#seed, 'order', epoch).shuffle(all);
    // Steps go forward, and a batch spans few epochs: the oldest order is not needed again soon.
    if (this.#orders.size >= 4) this.#orders.delete(this.#orders.keys().next().value!);
    this.#orders.set(epoch, order);
    return order;
  }
}
