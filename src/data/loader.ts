import { InputError } from '../errors.ts';
import type { AugmentSpec } from '../recipe/augmentations.ts';
import { Random } from '../recipe/random.ts';
import { augmentedWindow } from './augment/index.ts';
import type { Batch, BatchSource } from './batches.ts';
import type { LabelledSlice } from './case.ts';
import { annotatedWindow, foregroundWindow } from './crop.ts';
import { Sampler } from './sampler.ts';
import { labelsOf, type Target, type Targets } from './target.ts';

/** A batch of windows, x [B, C, H, W] with its target [B, H, W]. */
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
  /** What the data set itself makes of class ids: what is foreground. */
  readonly target: Target;
  /** What is made of class ids for a step, where it is not the same. */
  readonly labels?: Targets;
}

/**
 * Seeded batches of random windows. Slices are decoded and normalised once, by the caller, and stay in
 * memory. A batch depends on the options and the step alone: each sample draws from a random stream of its
 * own, so resuming at a step gives the same bytes as never having stopped.
 */
export class SegmentationLoader implements BatchSource {
  readonly #slices: readonly LabelledSlice[];
  readonly #options: LoaderOptions;
  readonly #sampler: Sampler;

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

  get seed(): number {
    return this.#options.seed;
  }

  get samples(): number {
    return this.#slices.length;
  }

  get batch(): number {
    return this.#options.batch;
  }

  at(step: number): WindowBatch {
    const indices = this.#sampler.indices(step);
    return windowBatch(this.#options, this.#slices[0].channels, (b) => this.#window(indices[b], step, b));
  }

  #window(index: number, step: number, b: number): LabelledSlice {
    const { seed, height, width, augment: specs, target } = this.#options;
    const random = Random.stream(seed, 'window', step, b);
    const slice = this.#slices[index];
    const window = showsForeground(this.#options, b)
      ? foregroundWindow(slice, height, width, random, target)
      : annotatedWindow(slice, height, width, random);
    return augmentedWindow(slice, window, specs, random);
  }
}

/** Whether sample b of a batch is to show foreground. */
export function showsForeground({ batch, oversampleForeground = 0.33 }: LoaderOptions, b: number): boolean {
  return b >= Math.round(batch * (1 - oversampleForeground));
}

/** The batch whose sample b is the window that `window` gives for it. */
export function windowBatch(
  { batch, height, width, target, labels = { target } }: LoaderOptions,
  channels: number,
  window: (b: number) => LabelledSlice,
): WindowBatch {
  const plane = height * width;
  const x = new Float32Array(batch * channels * plane);
  const ids = new Int32Array(batch * plane);
  for (let b = 0; b < batch; b++) {
    const { image, label } = window(b);
    x.set(image, b * channels * plane);
    ids.set(label, b * plane);
  }
  return { x, ...labelsOf(labels, ids), batch, channels, height, width };
}
