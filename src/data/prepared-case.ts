import type { PreprocessingPlan } from '../recipe/preprocessing.ts';
import { type AxisOrder, FILE_ORDER } from './axes.ts';
import { volumeOf } from './boxes.ts';
import { type Case, type CaseFiles, type Expected, loadCase } from './case.ts';
import { normaliseInPlace, normaliseSlices } from './normalise.ts';
import type { Shape } from './planning/nonzero.ts';
import { preprocessCase } from './planning/preprocess.ts';
import { type CaseGeometry, resampledShape } from './planning/preprocess-image.ts';
import {
  asItLies,
  type PreparedSlices,
  preparedByPlan,
  type WayBack,
  withWayBack,
} from './prepared-image.ts';

/** A case as a network reads it, as plain data: it can go from thread to thread. */
export interface CaseData extends PreparedSlices {
  readonly id: string;
}

/** A case as a network reads it, slice by slice, and the way back to its file. */
export interface PreparedCase extends CaseData, WayBack {}

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
  if (plan !== undefined)
    return { id: files.id, ...preparedByPlan(preprocessCase(files, expected, plan), plan) };
  const read = loadCase(files, expected, order);
  normaliseInPlace(read.slices);
  return { id: read.id, ...asItLies(read.slices, read.order) };
}

/** A case that was read, without a plan; it stays as it is. */
export const prepared = ({ id, slices, order }: Case): PreparedCase =>
  withWayBack({ id, ...asItLies(normaliseSlices(slices), order) });

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
