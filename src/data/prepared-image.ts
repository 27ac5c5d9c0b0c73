import type { PreprocessingPlan } from '../recipe/preprocessing.ts';
import { type AxisOrder, FILE_ORDER, inverseOf, orderOf, permuted, transposed } from './axes.ts';
import { cutBox, stackLabels, volumeOf } from './boxes.ts';
import type { Slice } from './case.ts';
import { normaliseInPlace } from './normalise.ts';
import type { Channels, Shape } from './planning/nonzero.ts';
import {
  type CaseGeometry,
  type PreprocessedImage,
  preprocessImage,
  type SpacedImage,
} from './planning/preprocess-image.ts';
import { coarseAxis, resampleLinear } from './planning/resample.ts';

/** An image as a network reads it, as plain data. */
export interface PreparedSlices {
  /** Normalised and, by a plan, resampled; without their labels. */
  readonly slices: readonly Slice[];
  /** Height and width of what is predicted of a slice: before it was resampled. */
  readonly size: readonly [number, number];
  /** Which axis of the file is the first, second and third one of the slices. */
  readonly order: AxisOrder;
  /** What was done to it by a plan; absent without one. */
  readonly planned?: {
    readonly geometry: CaseGeometry;
    /** The axis along which the way back does not interpolate. */
    readonly coarse: number | undefined;
  };
}

/** From what is predicted of slices to the file. */
export interface WayBack {
  /** Maps [K, H, W] of a slice of the network's, of its own size; the same where it was not resampled. */
  unresampled(maps: Float32Array): Float32Array;
  /** Class ids of all slices, each of `size`, as the file's own voxels [D, H, W]; what was cut off is background. */
  placed(slices: readonly Uint8Array[]): Uint8Array;
}

/** An image as a network reads it, slice by slice, and the way back to its file. */
export interface PreparedImage extends PreparedSlices, WayBack {}

/** With what leads back to the file. */
export function withWayBack<T extends PreparedSlices>(data: T): T & WayBack {
  const { planned, size, slices, order } = data;
  const [{ height, width }] = slices;
  if (planned === undefined) {
    const placed = (ids: readonly Uint8Array[]) =>
      transposed(stackLabels(ids), [slices.length, height, width], inverseOf(order));
    return { ...data, unresampled: (maps) => maps, placed };
  }
  return {
    ...data,
    unresampled: (maps) => resampleLinear(maps, [height, width], size, planned.coarse),
    placed: (ids) => inFile(stackLabels(ids), planned.geometry),
  };
}

/**
 * Makes an image ready that is in memory; it stays as it is.
 *
 * @param plan of the network; without one, slices are z-scored as they are
 * @param order of the axes where there is no plan: the first is that of the slices
 */
export function prepareImage(
  image: SpacedImage,
  plan?: PreprocessingPlan,
  order: AxisOrder = FILE_ORDER,
): PreparedImage {
  if (plan !== undefined) return withWayBack(preparedByPlan(preprocessImage(image, plan), plan));
  const own = orderOf(image.shape, order);
  const data = image.data.map((channel) => transposed(channel, image.shape, own));
  const slices = slicesOf({ shape: permuted(image.shape, own), data });
  normaliseInPlace(slices);
  return withWayBack(asItLies(slices, own));
}

/**
 * Slices that are normalised, and of the size that the file has.
 *
 * @param order of the file's axes in which they were cut
 */
export function asItLies(slices: readonly Slice[], order: AxisOrder): PreparedSlices {
  const [{ height, width }] = slices;
  return { slices, size: [height, width], order };
}

/** An image that was preprocessed by that plan. */
export function preparedByPlan(
  { shape, image, geometry }: PreprocessedImage,
  plan: PreprocessingPlan,
): PreparedSlices {
  const [, height, width] = geometry.crop_shape;
  const target = [geometry.spacing[0], ...plan.plan_2d.spacing];
  // As nnU-Net decides it on the way back: by the plan's spacing first.
  const coarse = coarseAxis(target, geometry.spacing);
  return {
    slices: slicesOf({ shape, data: image }),
    size: [height, width],
    order: geometry.transpose,
    planned: { geometry, coarse },
  };
}

/** The slices of a volume along its first axis, as copies. */
function slicesOf({ shape: [depth, height, width], data }: Channels): Slice[] {
  const plane = height * width;
  return Array.from({ length: depth }, (_, z) => {
    const image = new Float32Array(data.length * plane);
    for (const [c, channel] of data.entries())
      image.set(channel.subarray(z * plane, (z + 1) * plane), c * plane);
    return { channels: data.length, height, width, image };
  });
}

/** Undoes the cut and the order of axes. */
function inFile(
  ids: Uint8Array,
  { transpose, original_shape, crop_start, crop_shape }: CaseGeometry,
): Uint8Array {
  const whole = new Uint8Array(volumeOf(original_shape));
  const start: Shape = [-crop_start[0], -crop_start[1], -crop_start[2]];
  cutBox(ids, crop_shape, original_shape, start, whole);
  return transposed(whole, original_shape, inverseOf(transpose));
}
