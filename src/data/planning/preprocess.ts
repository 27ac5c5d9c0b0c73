import type { PreprocessingPlan } from '../../recipe/preprocessing.ts';
import { transposed } from '../axes.ts';
import type { CaseFiles, Expected } from '../case.ts';
import { cutTo, type PreprocessedImage, preprocessImage } from './preprocess-image.ts';
import { resampleLabels } from './resample.ts';
import { readVolume } from './volume.ts';

/** Labels of preprocessed voxels that are of no class: outside of the object, and not annotated. */
export const OUTSIDE = -1;
export const UNKNOWN = -2;

/** Above all classes, as nnU-Net has what is ignored while it resamples: of equal shares the last label is taken. */
const LAST = 2 ** 30;

/** A case as a network is trained on it. */
export interface PreprocessedCase extends PreprocessedImage {
  readonly id: string;
  /** Class ids [D, H, W], or {@link OUTSIDE}, {@link UNKNOWN}; absent where there is no truth. */
  readonly label: Int32Array | undefined;
}

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
  const volume = readVolume(files, expected);
  const { box, mask, to, ...found } = preprocessImage(volume, plan);
  const { transpose, original_shape } = found.geometry;
  let label: Int32Array | undefined;
  if (volume.label) {
    const whole = transposed(volume.label, volume.shape, transpose);
    const ids = cutTo(box, original_shape, whole, (n) => new Int32Array(n));
    for (let i = 0; i < ids.length; i++) {
      if (ids[i] < 0) ids[i] = LAST;
      else if (ids[i] === 0 && mask[i] === 0) ids[i] = OUTSIDE;
    }
    label = resampleLabels(ids, box.shape, to);
    for (let i = 0; i < label.length; i++) if (label[i] === LAST) label[i] = UNKNOWN;
  }
  return { id: files.id, ...found, label };
}
