import { Random } from '../../recipe/random.ts';
import { augmentedWindow } from '../augment/index.ts';
import type { BatchSource } from '../batches.ts';
import type { LabelledSlice } from '../case.ts';
import { windowAround } from '../crop.ts';
import { type LoaderOptions, showsForeground, type WindowBatch, windowBatch } from '../loader.ts';
import { OUTSIDE } from '../planning/preprocess.ts';
import { OpenCases } from './open-cases.ts';
import type { PreprocessedDataset } from './preprocessed-dataset.ts';

/**
 * Seeded batches of windows of preprocessed cases, drawn as nnU-Net's loader for 2D does: each sample draws a case, with
 * replacement, and where it is to show foreground a class or region evenly among those of the case, a voxel of it, and the
 * window around it in its slice; else, where voxels may be ignored, any voxel that is not, and where none may, a slice and a
 * window of it. Slices are read as they are drawn. A batch depends on the cache, the options and the step alone.
 */
export class CacheLoader implements BatchSource {
  readonly #cases: OpenCases;
  readonly #indices: readonly number[];
  readonly #options: LoaderOptions;
  /** Whether the outside of the object was left out of all channels' normalisation, and is 0. */
  readonly #masked: boolean;

  /** @param indices of the cases to draw from, at least one */
  constructor(dataset: PreprocessedDataset, indices: readonly number[], options: LoaderOptions) {
    this.#cases = new OpenCases(dataset);
    this.#indices = indices;
    this.#options = options;
    this.#masked = dataset.plan.normalisation.every((n) => n.kind === 'zscore' && n.masked);
  }

  get seed(): number {
    return this.#options.seed;
  }

  get samples(): number {
    return this.#indices.length;
  }

  get batch(): number {
    return this.#options.batch;
  }

  /** Throws InputError as PreprocessedDataset.open. */
  at(step: number): WindowBatch {
    const { channels } = this.#cases.dataset.plan;
    return windowBatch(this.#options, channels.length, (b) => this.#window(step, b));
  }

  close(): void {
    this.#cases.close();
  }

  #window(step: number, b: number): LabelledSlice {
    const { seed, height, width, augment: specs } = this.#options;
    const random = Random.stream(seed, 'window', step, b);
    const { slice, pixel } = this.#draw(random, showsForeground(this.#options, b));
    const window = windowAround(slice, height, width, random, pixel);
    return augmentedWindow(this.#masked ? withMask(slice) : slice, window, specs, random);
  }

  /** A slice and, where one shall be shown, a pixel of its case. A case without any gives any slice. */
  #draw(random: Random, foreground: boolean) {
    const found = this.#cases.case(this.#indices[random.integer(0, this.#indices.length)]);
    const [depth, height, width] = found.record.shape;
    const names = foreground ? found.foreground : [];
    const name = names.length > 0 ? names[random.integer(0, names.length)] : found.annotated;
    if (name === undefined) return { slice: found.slice(random.integer(0, depth)), pixel: undefined };
    const place = found.place(name, random.integer(0, found.placeCount(name)));
    const plane = height * width;
    return { slice: found.slice(Math.floor(place / plane)), pixel: place % plane };
  }
}

const withMask = (slice: LabelledSlice): LabelledSlice => ({
  ...slice,
  mask: Uint8Array.from(slice.label, (value) => (value === OUTSIDE ? 0 : 1)),
});
