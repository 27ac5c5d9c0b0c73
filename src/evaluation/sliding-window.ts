import { cutBox, eachSharedRun, volumeOf } from '../data/boxes.ts';
import { type Case, stackLabels } from '../data/case.ts';
import { normaliseSlices } from '../data/normalise.ts';
import { JobError } from '../errors.ts';
import { exp } from '../math.ts';
import { gaussianImportance, windowPlaces } from './windows.ts';

/**
 * Runs the network on a batch of windows.
 *
 * @param x [B, C, ...window]; B is always the same, windows past the last are 0
 * @returns logits [B, K, ...window]
 */
export type PredictBatch = (x: Float32Array) => Promise<Float32Array>;

export interface SlidingWindowOptions {
  /** Size of a window along each axis of the image; the network's input size. */
  readonly window: readonly number[];
  /** K: channels of the logits. */
  readonly classes: number;
  /** B: windows a call. */
  readonly batch: number;
  /** Distance of neighbouring windows as a share of the window; 0.5 as in nnU-Net where absent. */
  readonly step?: number;
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
  /** [...size]: the class of the largest probability, the lowest where several tie. */
  readonly labels: Int32Array;
  /** [K, ...size]: softmax of the averaged logits. */
  readonly probabilities: Float32Array;
}

/**
 * Predicts an image of any size as nnU-Net does: windows overlap, their logits are averaged with Gaussian
 * weights, and an image smaller than the window is padded with zeros on both sides and cut back.
 *
 * @param image normalised
 * @throws JobError `non-finite-prediction` when a logit is NaN or infinite
 */
export async function predictSliding(
  predictBatch: PredictBatch,
  image: Volume,
  options: SlidingWindowOptions,
): Promise<Prediction> {
  const { window, classes, batch, step = 0.5 } = options;
  const places = windowPlaces(image.size, window, step);
  const [count, windowCount] = [volumeOf(image.size), volumeOf(window)];
  // Float64, so that the order in which windows are added does not show in float32 results.
  const sums = new Float64Array(classes * count);
  const weights = new Float64Array(count);
  const importance = gaussianImportance(window);
  for (let first = 0; first < places.length; first += batch) {
    const group = places.slice(first, first + batch);
    const logits = await predictBatch(windowsOf(image, group, options));
    checkLogits(logits, options);
    group.forEach((place, b) => {
      const start = b * classes * windowCount;
      eachSharedRun(image.size, window, place, (inWindow, inImage, length) => {
        for (let i = 0; i < length; i++) {
          const [from, to] = [inWindow + i, inImage + i];
          const weight = importance[from];
          weights[to] += weight;
          for (let k = 0; k < classes; k++)
            sums[k * count + to] += weight * logits[start + k * windowCount + from];
        }
      });
    });
  }
  return finish(sums, weights, image.size, classes);
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
  for (const { height, width, channels, image } of normaliseSlices(images.slices)) {
    const volume = { size: [height, width], channels, image };
    maps.push((await predictSliding(predictBatch, volume, options)).labels);
  }
  return stackLabels(maps);
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

function finish(
  sums: Float64Array,
  weights: Float64Array,
  size: readonly number[],
  classes: number,
): Prediction {
  const plane = volumeOf(size);
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
    const exponentials = logits.map((logit) => exp(logit - logits[best]));
    const total = exponentials.reduce((sum, value) => sum + value, 0);
    for (let k = 0; k < classes; k++) probabilities[k * plane + i] = exponentials[k] / total;
  }
  return { size, classes, labels, probabilities };
}
