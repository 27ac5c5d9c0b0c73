import { normaliseChannel } from '../../recipe/normalisation.ts';
import { permuted, transposed } from '../axes.ts';
import { cutBox, volumeOf } from '../boxes.ts';
import type { CaseFiles, Expected } from '../case.ts';
import { type Channels, nonzeroBox, objectMask, type Shape } from './nonzero.ts';
import type { Plan } from './plan.ts';
import { newShape } from './plan-2d.ts';
import { coarseAxis, type Resampling, resampleImage, resampleLabels } from './resample.ts';
import { readVolume } from './volume.ts';

/** Labels of preprocessed voxels that are of no class: outside of the object, and not annotated. */
export const OUTSIDE = -1;
export const UNKNOWN = -2;

/** Above all classes, as nnU-Net has what is ignored while it resamples: of equal shares the last label is taken. */
const LAST = 2 ** 30;

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

/** A case as a network is trained on it. */
export interface PreprocessedCase {
  readonly id: string;
  /** [D, H, W]: slices, and their size. */
  readonly shape: Shape;
  /** [D, H, W] each. */
  readonly image: readonly Float32Array[];
  /** Class ids [D, H, W], or {@link OUTSIDE}, {@link UNKNOWN}; absent where there is no truth. */
  readonly label: Int32Array | undefined;
  readonly geometry: CaseGeometry;
}

/** What a plan says of preprocessing. */
export type PreprocessingPlan = Pick<Plan, 'transpose_forward' | 'normalisation'> & {
  readonly plan_2d: Pick<Plan['plan_2d'], 'spacing'>;
};

/**
 * Reads a case and does to it what nnU-Net v2's preprocessor does for its 2D configuration: the coarsest axis first, cut to
 * what is not 0, normalised, resampled to the plan's spacing within slices.
 *
 * @throws InputError as loadVolume
 */
export function preprocessCase(
  files: CaseFiles,
  expected: Expected,
  plan: PreprocessingPlan,
): PreprocessedCase {
  const { transpose_forward: transpose } = plan;
  const volume = readVolume(files, expected);
  const whole: Channels = {
    shape: permuted(volume.shape, transpose),
    data: volume.data.map((channel) => transposed(channel, volume.shape, transpose)),
  };
  const spacing = permuted(volume.spacing, transpose);
  const box = nonzeroBox(whole);
  const voxels = volumeOf(box.shape);
  const uncut = voxels === volumeOf(whole.shape);
  const cut = <A extends Float32Array | Int32Array>(source: A, make: (length: number) => A) =>
    uncut ? source : cutBox(source, whole.shape, box.shape, box.start, make(voxels));
  const cropped: Channels = {
    shape: box.shape,
    data: whole.data.map((channel) => cut(channel, (n) => new Float32Array(n))),
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
  let label: Int32Array | undefined;
  if (volume.label) {
    const ids = cut(transposed(volume.label, volume.shape, transpose), (n) => new Int32Array(n));
    for (let i = 0; i < voxels; i++) {
      if (ids[i] < 0) ids[i] = LAST;
      else if (ids[i] === 0 && mask[i] === 0) ids[i] = OUTSIDE;
    }
    label = resampleLabels(ids, box.shape, to);
    for (let i = 0; i < label.length; i++) if (label[i] === LAST) label[i] = UNKNOWN;
  }
  return {
    id: files.id,
    shape: to.shape,
    image: image.map((channel) => resampleImage(channel, box.shape, to)),
    label,
    geometry: {
      transpose,
      spacing,
      original_shape: whole.shape,
      crop_start: box.start,
      crop_shape: box.shape,
      coarse_axis: to.coarse,
    },
  };
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
