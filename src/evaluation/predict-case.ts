import type { Slice } from '../data/case.ts';
import type { PreparedCase } from '../data/prepared-case.ts';
import { exp } from '../math.ts';
import {
  largest,
  type PredictBatch,
  predictLogits,
  predictSliding,
  type SlidingWindowOptions,
  type Volume,
} from './sliding-window.ts';

/**
 * Predicts a case slice by slice.
 *
 * @returns class ids of the case as its file has it, [D, H, W]
 */
export async function predictCase(
  predictBatch: PredictBatch,
  image: PreparedCase,
  options: SlidingWindowOptions,
): Promise<Uint8Array> {
  const maps: Uint8Array[] = [];
  for (const slice of image.slices) {
    if (keepsSize(image, slice))
      maps.push((await predictSliding(predictBatch, volume(slice), options)).labels);
    else maps.push(largest(await logitsOf(predictBatch, image, slice, options), options.classes));
  }
  return image.placed(maps);
}

/** As {@link predictCase}, the probabilities [K, H, W] of one slice after the other, at the size that they have in the file. */
export async function* caseProbabilities(
  predictBatch: PredictBatch,
  image: PreparedCase,
  options: SlidingWindowOptions,
): AsyncGenerator<Float32Array> {
  for (const slice of image.slices)
    yield softmax(await logitsOf(predictBatch, image, slice, options), options.classes);
}

/** nnU-Net resamples logits, and takes the softmax of that. */
async function logitsOf(
  predictBatch: PredictBatch,
  image: PreparedCase,
  slice: Slice,
  options: SlidingWindowOptions,
): Promise<Float32Array> {
  return image.unresampled(await predictLogits(predictBatch, volume(slice), options));
}

const keepsSize = ({ size: [h, w] }: PreparedCase, { height, width }: Slice) => h === height && w === width;

const volume = ({ height, width, channels, image }: Slice): Volume => ({
  ...{ size: [height, width], channels, image },
});

/** Of [K, count] over K, in place. */
function softmax(values: Float32Array, classes: number): Float32Array {
  const count = values.length / classes;
  const one = new Float64Array(classes);
  for (let i = 0; i < count; i++) {
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) most = Math.max(most, values[k * count + i]);
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += one[k] = exp(values[k * count + i] - most);
    for (let k = 0; k < classes; k++) values[k * count + i] = one[k] / sum;
  }
  return values;
}
