import { type Case, type Slice, stackLabels } from '../data/case.ts';
import { crop } from '../data/crop.ts';
import { normaliseSlices } from '../data/normalise.ts';
import { JobError } from '../errors.ts';
import { gaussianImportance, windowStarts } from './windows.ts';

/**
 * Runs the network on a batch of windows.
 *
 * @param x [B, C, h, w]; B is always the same, windows past the last are 0
 * @returns logits [B, K, h, w]
 */
export type PredictBatch = (x: Float32Array) => Promise<Float32Array>;

export interface SlidingWindowOptions {
  /** Window size; the network's input size. */
  readonly height: number;
  readonly width: number;
  /** K: channels of the logits. */
  readonly classes: number;
  /** B: windows a call. */
  readonly batch: number;
  /** Distance of neighbouring windows as a share of the window; 0.5 as in nnU-Net where absent. */
  readonly step?: number;
}

export interface Prediction {
  readonly height: number;
  readonly width: number;
  readonly classes: number;
  /** [H, W]: the class of the largest probability, the lowest where several tie. */
  readonly labels: Int32Array;
  /** [K, H, W]: softmax of the averaged logits. */
  readonly probabilities: Float32Array;
}

/**
 * Predicts an image of any size as nnU-Net does: windows overlap, their logits are averaged with Gaussian
 * weights, and an image smaller than the window is padded with zeros on both sides and cut back.
 *
 * @param image normalised, [C, H, W]
 * @throws JobError `non-finite-prediction` when a logit is NaN or infinite
 */
export async function predictSliding(
  predictBatch: PredictBatch,
  image: Slice,
  options: SlidingWindowOptions,
): Promise<Prediction> {
  const { height, width, classes, step = 0.5 } = options;
  const padded = { height: Math.max(image.height, height), width: Math.max(image.width, width) };
  const top = Math.floor((padded.height - image.height) / 2);
  const left = Math.floor((padded.width - image.width) / 2);
  const places = windowStarts(padded.height, height, step).flatMap((y) =>
    windowStarts(padded.width, width, step).map((x) => ({ y: y - top, x: x - left })),
  );
  // Float64, so that the order in which windows are added does not show in float32 results.
  const sums = new Float64Array(classes * image.height * image.width);
  const weights = new Float64Array(image.height * image.width);
  const importance = gaussianImportance(height, width);
  for (let first = 0; first < places.length; first += options.batch) {
    const group = places.slice(first, first + options.batch);
    const logits = await predictBatch(windowsOf(image, group, options));
    checkLogits(logits, options);
    group.forEach((place, b) => {
      const start = b * classes * height * width;
      const window = logits.subarray(start, start + classes * height * width);
      accumulate(sums, weights, image, window, place, importance, options);
    });
  }
  return finish(sums, weights, image, classes);
}

/**
 * Predicts a case slice by slice, after normalising it as in training.
 *
 * @param images as loadCase gives it, not normalised
 * @returns class ids of the whole case, [D, H, W]
 */
export async function predictCase(
  predictBatch: PredictBatch,
  images: Case,
  options: SlidingWindowOptions,
): Promise<Int32Array> {
  const maps: Int32Array[] = [];
  for (const slice of normaliseSlices(images.slices)) {
    maps.push((await predictSliding(predictBatch, slice, options)).labels);
  }
  return stackLabels(maps);
}

type Place = { readonly y: number; readonly x: number };

function windowsOf(image: Slice, places: readonly Place[], options: SlidingWindowOptions): Float32Array {
  const { batch, height, width } = options;
  const size = image.channels * height * width;
  const x = new Float32Array(batch * size);
  places.forEach((place, b) => {
    x.set(crop(image, place.y, place.x, height, width).image, b * size);
  });
  return x;
}

function checkLogits(logits: Float32Array, { batch, classes, height, width }: SlidingWindowOptions): void {
  if (logits.length !== batch * classes * height * width) {
    throw new RangeError(`${logits.length} logits, not those of [${batch}, ${classes}, ${height}, ${width}]`);
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

function accumulate(
  sums: Float64Array,
  weights: Float64Array,
  image: Slice,
  window: Float32Array,
  place: Place,
  importance: Float32Array,
  { height, width, classes }: SlidingWindowOptions,
): void {
  const plane = image.height * image.width;
  for (let y = Math.max(0, -place.y); y < Math.min(height, image.height - place.y); y++) {
    for (let x = Math.max(0, -place.x); x < Math.min(width, image.width - place.x); x++) {
      const from = y * width + x;
      const to = (y + place.y) * image.width + x + place.x;
      const weight = importance[from];
      weights[to] += weight;
      for (let k = 0; k < classes; k++) sums[k * plane + to] += weight * window[k * height * width + from];
    }
  }
}

function finish(
  sums: Float64Array,
  weights: Float64Array,
  { height, width }: Slice,
  classes: number,
): Prediction {
  const plane = height * width;
  const labels = new Int32Array(plane);
  const probabilities = new Float32Array(classes * plane);
  const logits = new Float64Array(classes);
  for (let i = 0; i < plane; i++) {
    let best = 0;
    for (let k = 0; k < classes; k++) {
      logits[k] = sums[k * plane + i] / weights[i];
      if (logits[k] > logits[best]) best = k;
    }
    labels[i] = best;
    const exponentials = logits.map((logit) => Math.exp(logit - logits[best]));
    const total = exponentials.reduce((sum, value) => sum + value, 0);
    for (let k = 0; k < classes; k++) probabilities[k * plane + i] = exponentials[k] / total;
  }
  return { height, width, classes, labels, probabilities };
}
