import { type AxisOrder, FILE_ORDER, inverseOf, transposed } from './axes.ts';
import { cutBox, volumeOf } from './boxes.ts';
import { type Case, type CaseFiles, type Expected, loadCase, type Slice, stackLabels } from './case.ts';
import { normaliseInPlace, normaliseSlices } from './normalise.ts';
import type { Shape } from './planning/nonzero.ts';
import {
  type CaseGeometry,
  type PreprocessingPlan,
  preprocessCase,
  resampledShape,
} from './planning/preprocess.ts';
import { coarseAxis, resampleLinear } from './planning/resample.ts';

/** A case as a network reads it, as plain data: it can go from thread to thread. */
export interface CaseData {
  readonly id: string;
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

/** A case as a network reads it, slice by slice, and the way back to its file. */
export interface PreparedCase extends CaseData {
  /** Maps [K, H, W] of a slice of the network's, of its own size; the same where it was not resampled. */
  unresampled(maps: Float32Array): Float32Array;
  /** Class ids of all slices, each of `size`, as the file's own voxels [D, H, W]; what was cut off is background. */
  placed(slices: readonly Uint8Array[]): Uint8Array;
}

/** How a network reads cases; as readCase takes it. */
export interface Reading {
  readonly plan?: PreprocessingPlan;
  readonly transpose_forward?: AxisOrder;
}

/**
 * Reads a case and makes it ready.
 *
 * @param plan of the network; without one, slices are z-scored as they are
 * @param order of the axes where there is no plan: the first is that of the slices
 * @throws InputError as loadCase or preprocessCase
 */
export function prepareCase(
  files: CaseFiles,
  expected: Expected,
  plan?: PreprocessingPlan,
  order?: AxisOrder,
): PreparedCase {
  return withWayBack(readCase(files, expected, plan, order));
}

/** The same as plain data, see {@link withWayBack}. */
export function readCase(
  files: CaseFiles,
  expected: Expected,
  plan?: PreprocessingPlan,
  order: AxisOrder = FILE_ORDER,
): CaseData {
  if (plan !== undefined) return byPlan(files, expected, plan);
  const read = loadCase(files, expected, order);
  normaliseInPlace(read.slices);
  return asItLies(read);
}

/** A case that was read, without a plan; it stays as it is. */
export const prepared = (read: Case): PreparedCase =>
  withWayBack(asItLies({ ...read, slices: normaliseSlices(read.slices) }));

/** With what leads back to the file. */
export function withWayBack(data: CaseData): PreparedCase {
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
 * Bytes that the slices of a case take: an estimate from above, since what a plan cuts off is known only when it is read.
 *
 * @param of the case as readVolume gives it
 */
export function preparedBytes(
  { shape, spacing }: { readonly shape: Shape; readonly spacing: CaseGeometry['spacing'] },
  channels: number,
  plan?: PreprocessingPlan,
): number {
  const voxels = volumeOf(shape);
  const resampled = plan === undefined ? voxels : volumeOf(resampledShape(shape, spacing, plan));
  return 4 * channels * Math.max(voxels, resampled);
}

function asItLies({ id, slices, order }: Case): CaseData {
  const [{ height, width }] = slices;
  return { id, slices, size: [height, width], order };
}

function byPlan(files: CaseFiles, expected: Expected, plan: PreprocessingPlan): CaseData {
  const found = preprocessCase(files, expected, plan);
  const [depth, height, width] = found.shape;
  const plane = height * width;
  const slices = Array.from({ length: depth }, (_, z) => {
    const image = new Float32Array(found.image.length * plane);
    for (const [c, channel] of found.image.entries())
      image.set(channel.subarray(z * plane, (z + 1) * plane), c * plane);
    return { channels: found.image.length, height, width, image };
  });
  const { geometry } = found;
  const [, h, w] = geometry.crop_shape;
  const target = [geometry.spacing[0], ...plan.plan_2d.spacing];
  // As nnU-Net decides it on the way back: by the plan's spacing first.
  const coarse = coarseAxis(target, geometry.spacing);
  return { id: found.id, slices, size: [h, w], order: geometry.transpose, planned: { geometry, coarse } };
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
