import { type AxisOrder, FILE_ORDER, inverseOf, transposed } from './axes.ts';
import { cutBox, volumeOf } from './boxes.ts';
import { type Case, type CaseFiles, type Expected, loadCase, type Slice, stackLabels } from './case.ts';
import { normaliseInPlace, normaliseSlices } from './normalise.ts';
import type { Shape } from './planning/nonzero.ts';
import { type CaseGeometry, type PreprocessingPlan, preprocessCase } from './planning/preprocess.ts';
import { coarseAxis, resampleLinear } from './planning/resample.ts';

/** A case as a network reads it, slice by slice, and the way back to its file. */
export interface PreparedCase {
  readonly id: string;
  /** Normalised and, by a plan, resampled. */
  readonly slices: readonly Slice[];
  /** Height and width of what is predicted of a slice: before it was resampled. */
  readonly size: readonly [number, number];
  /** Maps [K, H, W] of a slice of the network's, of its own size; the same where it was not resampled. */
  unresampled(maps: Float32Array): Float32Array;
  /** Class ids of all slices, each of `size`, as the file's own voxels [D, H, W]; what was cut off is background. */
  placed(slices: readonly Uint8Array[]): Uint8Array;
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
  order: AxisOrder = FILE_ORDER,
): PreparedCase {
  if (plan !== undefined) return byPlan(files, expected, plan);
  const read = loadCase(files, expected, order);
  normaliseInPlace(read.slices);
  return asItLies(read);
}

/** A case that was read, without a plan; it stays as it is. */
export const prepared = (read: Case): PreparedCase =>
  asItLies({ ...read, slices: normaliseSlices(read.slices) });

function asItLies({ id, slices, order }: Case): PreparedCase {
  const [{ height, width }] = slices;
  const placed = (ids: readonly Uint8Array[]) =>
    transposed(stackLabels(ids), [slices.length, height, width], inverseOf(order));
  return { id, slices, size: [height, width], unresampled: (maps) => maps, placed };
}

function byPlan(files: CaseFiles, expected: Expected, plan: PreprocessingPlan): PreparedCase {
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
  return {
    id: found.id,
    slices,
    size: [h, w],
    unresampled: (maps) => resampleLinear(maps, [height, width], [h, w], coarse),
    placed: (ids) => inFile(stackLabels(ids), geometry),
  };
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
