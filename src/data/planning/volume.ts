import { type CaseFiles, type Expected, loadVolume } from '../case.ts';
import { imageKind } from '../image.ts';
import { BETWEEN_IMAGES, type SpacedImage } from './preprocess-image.ts';

/** A case in the order of its files' axes. */
export interface Volume extends SpacedImage {
  /** [D, H, W]; absent where there is no truth. */
  readonly label: Int32Array | undefined;
}

/** Reads a case. Throws InputError as loadVolume. */
export function readVolume(files: CaseFiles, expected: Expected): Volume {
  const { images, label } = loadVolume(files, expected);
  const [{ shape, spacing }] = images;
  const voxels = shape[0] * shape[1] * shape[2];
  const data = images.flatMap((image) =>
    Array.from({ length: image.channels }, (_, c) => image.data.subarray(c * voxels, (c + 1) * voxels)),
  );
  const plane = shape[0] === 1 && imageKind(files.images[0]) !== 'NIfTI';
  const sizes = plane ? ([BETWEEN_IMAGES, spacing[1], spacing[2]] as const) : spacing;
  return { shape, data, label: label?.data, spacing: sizes };
}
