import type { Slice } from '../data/case.ts';
import type { PreparedImage } from '../data/prepared-image.ts';
import { labelsOfLogits, toProbabilities } from './readout.ts';
import {
  type PredictBatch,
  predictLogits,
  predictSliding,
  type SlidingWindowOptions,
  type Volume,
} from './sliding-window.ts';

/** How a window slides over an image. */
export interface HowToSegment {
  /** Distance of neighbouring windows as a share of the window, in (0, 1]; 0.5 where absent. */
  readonly step?: number;
  /** Averages with the logits of mirrored windows, along both axes: four times the work. */
  readonly mirror?: boolean;
}

/**
 * Predicts a case slice by slice.
 *
 * @returns class ids of the case as its file has it, [D, H, W]
 */
export async function predictCase(
  predictBatch: PredictBatch,
  image: PreparedImage,
  options: SlidingWindowOptions,
): Promise<Uint8Array> {
  const maps: Uint8Array[] = [];
  for (const slice of image.slices) {
    if (keepsSize(image, slice))
      maps.push((await predictSliding(predictBatch, volume(slice), options)).labels);
    else maps.push(labelsOfLogits(await logitsOf(predictBatch, image, slice, options), options));
  }
  return image.placed(maps);
}

/** As {@link predictCase}, the probabilities [K, H, W] of one slice after the other, at the size that they have in the file. */
export async function* caseProbabilities(
  predictBatch: PredictBatch,
  image: PreparedImage,
  options: SlidingWindowOptions,
): AsyncGenerator<Float32Array> {
  for (const slice of image.slices)
    yield toProbabilities(await logitsOf(predictBatch, image, slice, options), options);
}

/** nnU-Net resamples logits, and takes the probabilities of that. */
async function logitsOf(
  predictBatch: PredictBatch,
  image: PreparedImage,
  slice: Slice,
  options: SlidingWindowOptions,
): Promise<Float32Array> {
  return image.unresampled(await predictLogits(predictBatch, volume(slice), options));
}

const keepsSize = ({ size: [h, w] }: PreparedImage, { height, width }: Slice) => h === height && w === width;

const volume = ({ height, width, channels, image }: Slice): Volume => ({
  ...{ size: [height, width], channels, image },
});
