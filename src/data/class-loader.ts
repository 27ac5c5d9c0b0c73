import type { AugmentSpec } from '../recipe/augmentations.ts';
import { Random } from '../recipe/random.ts';
import { augmentedWindow } from './augment/index.ts';
import type { Batch, BatchSource } from './batches.ts';
import type { Slice } from './case.ts';
import { type ClassImage, readClassImage } from './class-folders.ts';
import { randomWindow } from './crop.ts';
import { Sampler } from './sampler.ts';
import { labelsOf, type Targets } from './target.ts';

export interface ClassLoaderOptions {
  readonly seed: number;
  /** Images a batch. */
  readonly batch: number;
  readonly channels: number;
  /** Size of the network's input. */
  readonly height: number;
  readonly width: number;
  /** What is done to each window at random. */
  readonly augment: readonly AugmentSpec[];
  /** What is made of classes for a step. */
  readonly labels: Targets;
}

/** Images are kept in memory up to this many bytes, and read again beyond. */
const CACHE_BYTES = 512 * 2 ** 20;

/**
 * Seeded batches of images and their classes, x [B, C, H, W] and target [B]: each image is scaled to cover the
 * window, which then lies at random. As with SegmentationLoader a batch depends on the options and the step alone.
 */
export class ClassificationLoader implements BatchSource {
  readonly #images: readonly ClassImage[];
  readonly #options: ClassLoaderOptions;
  readonly #sampler: Sampler;
  readonly #cache = new Map<number, Slice>();
  #cached = 0;

  /** @param images at least one */
  constructor(images: readonly ClassImage[], options: ClassLoaderOptions) {
    this.#images = images;
    this.#options = options;
    this.#sampler = new Sampler(options.seed, images.length, options.batch);
  }

  get seed(): number {
    return this.#options.seed;
  }

  get samples(): number {
    return this.#images.length;
  }

  get batch(): number {
    return this.#options.batch;
  }

  /** Throws InputError as readClassImage. */
  at(step: number): Batch {
    const { seed, batch, channels, height, width, augment: specs, labels } = this.#options;
    const size = channels * height * width;
    const x = new Float32Array(batch * size);
    const ids = new Int32Array(batch);
    this.#sampler.indices(step).forEach((index, b) => {
      const random = Random.stream(seed, 'window', step, b);
      const image = this.#image(index);
      const window = randomWindow(image, height, width, random);
      x.set(augmentedWindow(image, window, specs, random).image, b * size);
      ids[b] = this.#images[index].label;
    });
    return { x, ...labelsOf(labels, ids) };
  }

  #image(index: number): Slice {
    const known = this.#cache.get(index);
    if (known) return known;
    const slice = readClassImage(this.#images[index].path, this.#options);
    if (this.#cached + slice.image.byteLength <= CACHE_BYTES) {
      this.#cache.set(index, slice);
      this.#cached += slice.image.byteLength;
    }
    return slice;
  }
}
