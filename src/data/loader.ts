import { InputError } from '../errors.ts';
import type { AugmentSpec } from '../recipe/augmentations.ts';
import { Random } from '../recipe/random.ts';
import { augmentedWindow } from './augment/index.ts';
import { type Batch, type Batches, type LoaderState, stepToResume } from './batches.ts';
import type { LabelledSlice } from './case.ts';
import { foregroundWindow, randomWindow } from './crop.ts';
import { Sampler } from './sampler.ts';

/** A batch of windows, x [B, C, H, W] with its class ids [B, H, W]. */
export interface WindowBatch extends Batch {
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

export interface LoaderOptions {
  readonly seed: number;
  /** Samples a batch. */
  readonly batch: number;
  /** Size of the windows. */
  readonly height: number;
  readonly width: number;
  /**
   * Share of each batch whose windows must show foreground: the last round(batch × share) samples, so a batch
   * of 1 has none at nnU-Net's 0.33, which is the default.
   */
  readonly oversampleForeground?: number;
  /** What is done to each window at random. */
  readonly augment: readonly AugmentSpec[];
}

/**
 * Seeded batches of random windows. Slices are decoded and normalised once, by the caller, and stay in
 * memory. A batch depends on the options and the step alone: each sample draws from a random stream of its
 * own, so resuming at a step gives the same bytes as never having stopped.
 */
export class SegmentationLoader implements Batches {
  readonly #slices: readonly LabelledSlice[];
  readonly #options: LoaderOptions;
  readonly #sampler: Sampler;
  #step = 0;

  /**
   * @param slices at least one, all with the same number of channels
   * @throws InputError `empty-dataset` without slices
   */
  constructor(slices: readonly LabelledSlice[], options: LoaderOptions) {
    if (slices.length === 0) {
      throw new InputError(
        'empty-dataset',
        'no labelled image to train on',
        'add cases to imagesTr and labelsTr',
      );
    }
    if (slices.some(({ channels }) => channels !== slices[0].channels)) {
      throw new RangeError('slices differ in their number of channels');
    }
    this.#slices = slices;
    this.#options = options;
    this.#sampler = new Sampler(options.seed, slices.length, options.batch);
  }

  /** The batch of the next step. */
  next(): WindowBatch {
    return this.at(this.#step++);
  }

  /** The batch of any step, from 0; does not move the position. */
  at(step: number): WindowBatch {
    const { batch, height, width } = this.#options;
    const channels = this.#slices[0].channels;
    const plane = height * width;
    const x = new Float32Array(batch * channels * plane);
    const target = new Int32Array(batch * plane);
    this.#sampler.indices(step).forEach((index, b) => {
      const { image, label } = this.#window(index, step, b);
      x.set(image, b * channels * plane);
      target.set(label, b * plane);
    });
    return { x, target, batch, channels, height, width };
  }

  #window(index: number, step: number, b: number): LabelledSlice {
    const { seed, batch, height, width, oversampleForeground = 0.33, augment: specs } = this.#options;
    const random = Random.stream(seed, 'window', step, b);
    const foreground = b >= Math.round(batch * (1 - oversampleForeground));
    const slice = this.#slices[index];
    const window = (foreground ? foregroundWindow : randomWindow)(slice, height, width, random);
    return augmentedWindow(slice, window, specs, random);
  }

  /** The position, to be saved with a run's state. */
  state(): LoaderState {
    const { seed, batch } = this.#options;
    return { seed, batch, samples: this.#slices.length, step: this.#step };
  }

  /**
   * Goes on from a saved position.
   *
   * @throws InputError `resume-mismatch` when the state belongs to another seed, batch size or number of slices
   */
  restore(state: LoaderState): void {
    this.#step = stepToResume(state, this.state());
  }
}
