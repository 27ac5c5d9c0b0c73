import { normaliseChannel } from '../../recipe/normalisation.ts';
import type { PreprocessingPlan } from '../../recipe/preprocessing.ts';
import { permuted, transposed } from '../axes.ts';
import { cutBox, volumeOf } from '../boxes.ts';
import { type Box, type Channels, nonzeroBox, objectMask, type Shape } from './nonzero.ts';
import { coarseAxis, newShape, type Resampling, resampleImage } from './resample.ts';

/** What nnU-Net takes for the distance between slices of an image that is one: so that this axis is the coarsest. */
export const BETWEEN_IMAGES = 999;

/** An image in the order of its file's axes. */
export interface SpacedImage extends Channels {
  /** Voxel size along D, H, W. */
  readonly spacing: readonly [number, number, number];
}

/** Where what was preprocessed lay in its file: the way back. */
export interface CaseGeometry {
  /** Which axis of the file is the first, second and third one here. */
  readonly transpose: Shape;
  /** Voxel sizes before resampling; this and all that follows after the transposition. */
  readonly spacing: readonly [number, number, number];
  readonly original_shape: Shape;
  /** What was cut out: where it began, and its size. */
  readonly crop_start: Shape;
  readonly crop_shape: Shape;
  /** The axis along which nothing was interpolated. */
  readonly coarse_axis: number | undefined;
}

/** An image as a network reads it. */
export interface PreprocessedImage {
  /** [D, H, W]: slices, and their size. */
  readonly shape: Shape;
  /** [D, H, W] each. */
  readonly image: readonly Float32Array[];
  readonly geometry: CaseGeometry;
}

/** What was done to an image, for its label. */
export interface ImageSteps extends PreprocessedImage {
  /** What was cut out, of the transposed image. */
  readonly box: Box;
  /** Of that, what belongs to the object. */
  readonly mask: Uint8Array;
  readonly to: Resampling;
}

/**
 * Does to an image what nnU-Net v2's preprocessor does for its 2D configuration: the coarsest axis first, cut to what is not
 * 0, normalised, resampled to the plan's spacing within slices.
 */
export function preprocessImage(
  { shape, data, spacing: sizes }: SpacedImage,
  plan: PreprocessingPlan,
): ImageSteps {
  const { transpose_forward: transpose } = plan;
  const whole: Channels = {
    shape: permuted(shape, transpose),
    data: data.map((channel) => transposed(channel, shape, transpose)),
  };
  const spacing = permuted(sizes, transpose);
  const box = nonzeroBox(whole);
  const cropped: Channels = {
    shape: box.shape,
    data: whole.data.map((channel) => cutTo(box, whole.shape, channel, (n) => new Float32Array(n))),
  };
  const mask = objectMask(cropped);
  const image = cropped.data.map(
    (channel, c) => normaliseChannel([channel], plan.normalisation[c], [mask])[0],
  );
  const target = [spacing[0], ...plan.plan_2d.spacing];
  const to: Resampling = {
    shape: newShape(box.shape, spacing, target),
    coarse: coarseAxis(spacing, target),
  };
  return {
    shape: to.shape,
    image: image.map((channel) => resampleImage(channel, box.shape, to)),
    geometry: {
      transpose,
      spacing,
      original_shape: whole.shape,
      crop_start: box.start,
      crop_shape: box.shape,
      coarse_axis: to.coarse,
    },
    ...{ box, mask, to },
  };
}

/** What a box holds of a volume; the volume itself where that is all of it. */
export function cutTo<A extends Float32Array | Int32Array>(
  { start, shape }: Box,
  whole: Shape,
  source: A,
  make: (length: number) => A,
): A {
  const voxels = volumeOf(shape);
  return voxels === source.length ? source : cutBox(source, whole, shape, start, make(voxels));
}

/** The size, without a cut, that a volume of the file's axes has by a plan. */
export function resampledShape(
  shape: Shape,
  spacing: readonly [number, number, number],
  { transpose_forward: transpose, plan_2d }: PreprocessingPlan,
): Shape {
  const own = permuted(spacing, transpose);
  return newShape(permuted(shape, transpose), own, [own[0], ...plan_2d.spacing]);
}
