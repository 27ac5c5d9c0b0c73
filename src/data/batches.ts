import { InputError } from '../errors.ts';
import type { Labels } from './target.ts';

/** What one training step is fed. */
export interface Batch extends Labels {
  /** [B, C, H, W]. */
  readonly x: Float32Array;
  /** Class ids or sets of regions, −1 where they are ignored: [B, H, W] for segmentation, [B] for classification. */
  readonly target: Int32Array;
}

/** Makes the batch of any step, which depends on nothing but the step and what this was made of. */
export interface BatchSource {
  readonly seed: number;
  /** Samples that there are, and those in a batch. */
  readonly samples: number;
  readonly batch: number;
  /** The batch of a step, from 0. */
  at(step: number): Batch;
  /** Lets go of files that are open. */
  close?(): void;
}

/** Training data, step by step. */
export interface Batches {
  /** The batch of the next step. Throws as what makes it. */
  next(): Promise<Batch>;
  /** The position, to be saved with a run's state. */
  state(): LoaderState;
  /** Goes on from a saved position. Throws InputError `resume-mismatch` where it belongs to another run. */
  restore(state: LoaderState): void;
  /** Ends what makes batches; none is asked for afterwards. */
  close(): Promise<void>;
}

/** Where a loader stands, and what it must agree with to go on; fit for JSON. */
export interface LoaderState {
  readonly seed: number;
  readonly samples: number;
  readonly batch: number;
  /** The next step. */
  readonly step: number;
}

/** The batches of a source one after the other, each made when it is asked for. */
export class SteppedBatches implements Batches {
  readonly #source: BatchSource;
  #step = 0;

  constructor(source: BatchSource) {
    this.#source = source;
  }

  async next(): Promise<Batch> {
    return this.#source.at(this.#step++);
  }

  state(): LoaderState {
    const { seed, batch, samples } = this.#source;
    return { seed, batch, samples, step: this.#step };
  }

  restore(state: LoaderState): void {
    this.#step = stepToResume(state, this.state());
  }

  async close(): Promise<void> {
    this.#source.close?.();
  }
}

/**
 * The step at which a loader goes on.
 *
 * @throws InputError `resume-mismatch` when the state belongs to another seed, batch size or number of samples
 */
export function stepToResume(saved: LoaderState, own: LoaderState): number {
  for (const key of ['seed', 'batch', 'samples'] as const) {
    if (saved[key] !== own[key]) {
      throw new InputError(
        'resume-mismatch',
        `the saved run has ${key} ${saved[key]}, this one ${own[key]}`,
        'resume with the same data and settings, or start a new run',
      );
    }
  }
  if (!(Number.isSafeInteger(saved.step) && saved.step >= 0)) {
    throw new InputError('resume-mismatch', `the saved run stands at step ${saved.step}`, 'start a new run');
  }
  return saved.step;
}
