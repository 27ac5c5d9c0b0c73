import { cutBox, volumeOf } from '../data/boxes.ts';
import { JobError } from '../errors.ts';
import { Band, type TakeLogits } from './band.ts';
import { labelsOfLogits, type Readout } from './readout.ts';
import { windowPlaces } from './windows.ts';

/**
 * Runs the network on a batch of windows.
 *
 * @param x [B, C, ...window]; B is always the same, windows past the last are 0
 * @returns logits [B, K, ...window]
 */
export type PredictBatch = (x: Float32Array) => Promise<Float32Array>;

export interface SlidingWindowOptions extends Readout {
  /** Size of a window along each axis of the image; the network's input size. */
  readonly window: readonly number[];
  /** B: windows a call. */
  readonly batch: number;
  /** Distance of neighbouring windows as a share of the window; 0.5 as in nnU-Net where absent. */
  readonly step?: number;
  /** Axes of the image that windows are also mirrored along; logits are means over all combinations. None where absent. */
  readonly mirror?: readonly number[];
}

/** An image of any number of axes. */
export interface Volume {
  readonly size: readonly number[];
  readonly channels: number;
  /** [C, ...size]. */
  readonly image: Float32Array;
}

export interface Prediction {
  readonly size: readonly number[];
  readonly classes: number;
  /** [...size]: class ids; see Readout. */
  readonly labels: Uint8Array;
}

/**
 * Predicts an image of any size as nnU-Net does: windows overlap, their logits are averaged with Gaussian
 * weights, and an image smaller than the window is padded with zeros on both sides and cut back. Only what windows
 * still add to is kept, as many rows as a window has: the memory does not grow with the height of the image, but for the result.
 *
 * @param image normalised
 * @throws JobError `non-finite-prediction` when a logit is NaN or infinite
 */
export async function predictSliding(
  predictBatch: PredictBatch,
  image: Volume,
  options: SlidingWindowOptions,
): Promise<Prediction> {
  const { classes } = options;
  const labels = new Uint8Array(volumeOf(image.size));
  await slideOver(predictBatch, image, options, (first, logits) =>
    labels.set(labelsOfLogits(logits, options), first),
  );
  return { size: image.size, classes, labels };
}

/**
 * As {@link predictSliding}, the averaged logits of all classes.
 *
 * @returns [K, ...size]
 */
export async function predictLogits(
  predictBatch: PredictBatch,
  image: Volume,
  options: SlidingWindowOptions,
): Promise<Float32Array> {
  const { classes } = options;
  const total = volumeOf(image.size);
  const all = new Float32Array(classes * total);
  await slideOver(predictBatch, image, options, (first, logits) => {
    const count = logits.length / classes;
    for (let k = 0; k < classes; k++) all.set(logits.subarray(k * count, (k + 1) * count), k * total + first);
  });
  return all;
}

async function slideOver(
  predictBatch: PredictBatch,
  image: Volume,
  options: SlidingWindowOptions,
  take: TakeLogits,
): Promise<void> {
  const { window, classes, batch, step = 0.5, mirror = [] } = options;
  const places = windowPlaces(image.size, window, step);
  const band = new Band(image.size, window, classes, take);
  const flips = flipsOf(window, mirror);
  const mean = new Float32Array(batch * classes * volumeOf(window));
  for (let first = 0; first < places.length; first += batch) {
    const group = places.slice(first, first + batch);
    const x = windowsOf(image, group, options);
    mean.fill(0);
    for (const flip of flips) {
      const logits = await predictBatch(flip === undefined ? x : reordered(x, flip));
      checkLogits(logits, options);
      addReordered(mean, logits, flip, 1 / flips.length);
    }
    group.forEach((place, b) => {
      band.add(place, mean.subarray(b * band.each, (b + 1) * band.each));
    });
  }
  band.end();
}

/** For each combination of mirrored axes the element of a window that comes to each place; nothing for none. */
function flipsOf(window: readonly number[], mirror: readonly number[]): (Int32Array | undefined)[] {
  let flips: (readonly number[])[] = [[]];
  for (const axis of mirror) flips = [...flips, ...flips.map((axes) => [...axes, axis])];
  return flips.map((axes) => (axes.length === 0 ? undefined : mirrored(window, axes)));
}

function mirrored(window: readonly number[], axes: readonly number[]): Int32Array {
  let from = [0];
  window.forEach((size, axis) => {
    const along = Array.from({ length: size }, (_, i) => (axes.includes(axis) ? size - 1 - i : i));
    from = from.flatMap((start) => along.map((i) => start * size + i));
  });
  return Int32Array.from(from);
}

/** Channels of windows, each with its elements in another order. */
function reordered(x: Float32Array, from: Int32Array): Float32Array {
  const result = new Float32Array(x.length);
  for (let start = 0; start < x.length; start += from.length)
    for (let i = 0; i < from.length; i++) result[start + i] = x[start + from[i]];
  return result;
}

/** Adds logits to a sum. Mirroring twice is doing nothing: the order that windows were brought into brings logits back. */
function addReordered(sum: Float32Array, logits: Float32Array, from: Int32Array | undefined, factor: number) {
  if (from === undefined) {
    for (let i = 0; i < sum.length; i++) sum[i] += logits[i] * factor;
    return;
  }
  for (let start = 0; start < sum.length; start += from.length)
    for (let i = 0; i < from.length; i++) sum[start + i] += logits[start + from[i]] * factor;
}

function windowsOf(
  { size, channels, image }: Volume,
  places: readonly (readonly number[])[],
  { batch, window }: SlidingWindowOptions,
): Float32Array {
  const each = channels * volumeOf(window);
  const x = new Float32Array(batch * each);
  places.forEach((place, b) => {
    cutBox(image, size, window, place, x.subarray(b * each, (b + 1) * each));
  });
  return x;
}

function checkLogits(logits: Float32Array, { batch, classes, window }: SlidingWindowOptions): void {
  if (logits.length !== batch * classes * volumeOf(window)) {
    const shape = [batch, classes, ...window].join(', ');
    throw new RangeError(`${logits.length} logits, not those of [${shape}]`);
  }
  const wrong = logits.find((value) => !Number.isFinite(value));
  if (wrong !== undefined) {
    throw new JobError(
      'non-finite-prediction',
      `the network's output holds ${wrong}`,
      'check the weights: training may have diverged',
    );
  }
}
