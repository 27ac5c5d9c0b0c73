import { InputError } from '../errors.ts';
import { readNifti, type Volume, writeNiftiLabels } from './nifti.ts';
import { pngSize, readLabelMap, readPng, writeLabelMap } from './png.ts';

/** An image of one or several channels and, where it is a volume, slices. */
export interface Image {
  readonly channels: number;
  /** [D, H, W]; D is 1 for a PNG image. */
  readonly shape: readonly [number, number, number];
  /** Pixel size along D, H, W: mm for NIfTI, 1 for PNG. */
  readonly spacing: readonly [number, number, number];
  /** Of a NIfTI volume, as {@link Volume} has it. */
  readonly affine?: Volume['affine'];
  /** [C, D, H, W]: for a PNG image that is [C, H, W]. */
  readonly data: Float32Array;
}

/** Class ids of an image. */
export interface Labels {
  readonly shape: readonly [number, number, number];
  readonly spacing: readonly [number, number, number];
  /** Of a NIfTI volume, as {@link Volume} has it. */
  readonly affine?: Volume['affine'];
  /** [D, H, W]. */
  readonly data: Int32Array;
}

/** How far from a whole number a value may be to be taken for one that a header's slope has moved. */
const ALMOST = 1e-3;

/** What can be read, by the end of the file's name. */
export const imageEndings = ['.png', '.nii.gz', '.nii'] as const;
export type ImageEnding = (typeof imageEndings)[number];

/**
 * The image ending of a path, as in nnU-Net's `file_ending`.
 *
 * @throws InputError `unsupported-image` for any other
 */
export function imageEnding(path: string): ImageEnding {
  const ending = imageEndings.find((known) => path.toLowerCase().endsWith(known));
  if (ending === undefined) {
    throw new InputError(
      'unsupported-image',
      `${path}: this kind of image is not read; supported are ${imageEndings.join(', ')}`,
      'convert it to one of these',
    );
  }
  return ending;
}

/**
 * Reads a PNG image or a NIfTI volume (one channel), with its values as they are stored.
 *
 * @throws InputError `unsupported-image`, and those of readPng and readNifti
 */
export function readImage(path: string): Image {
  if (imageEnding(path) !== '.png') {
    return { channels: 1, ...readNifti(path) };
  }
  const { width, height, channels, data: pixels } = readPng(path);
  const plane = width * height;
  const data = new Float32Array(channels * plane);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < plane; i++) data[c * plane + i] = pixels[i * channels + c];
  }
  return { channels, shape: [1, height, width], spacing: [1, 1, 1], data };
}

/**
 * Reads class ids from a PNG label map or a NIfTI volume.
 *
 * @throws InputError as readImage; `bad-label-map` where there are several channels or values that are not
 *   non-negative integers
 */
export function readLabels(path: string): Labels {
  if (imageEnding(path) === '.png') {
    const { width, height, data } = readLabelMap(path);
    return { shape: [1, height, width], spacing: [1, 1, 1], data };
  }
  const { shape, spacing, affine, data } = readNifti(path);
  const wrong = data.find((value) => !(Number.isInteger(value) && value >= 0 && value < 2 ** 24));
  if (wrong !== undefined) {
    throw new InputError(
      'bad-label-map',
      `${path}: holds the value ${Number(wrong.toPrecision(6))}; class ids are integers from 0`,
      slopeHint(wrong) ??
        'check that this is the label and not the image, and that it was resampled with nearest neighbours',
    );
  }
  return { shape, spacing, ...(affine && { affine }), data: Int32Array.from(data) };
}

/** What to do about a value that is almost a whole number, which the slope of a header has moved; else nothing. */
export function slopeHint(value: number): string | undefined {
  const whole = Math.round(value);
  if (Number.isInteger(value) || !(Math.abs(value - whole) < ALMOST)) return undefined;
  return `almost ${whole}: a slope in the header; round the values and save them as integers`;
}

/**
 * Writes class ids beside the image they belong to: as a grey PNG of 8 bits, or as a NIfTI volume with the
 * image's geometry.
 *
 * @param path where to; its ending must name the same kind of image as that of `like`
 * @param labels [D, H, W] of the image's size, 0 to 255
 * @param like path of the image
 * @throws InputError `unsupported-image`, `cannot-write`, and those of readPng and readNifti; RangeError where
 *   the labels do not fit
 */
export function writeLabels(path: string, labels: Int32Array | Uint8Array, like: string): void {
  const png = imageEnding(path) === '.png';
  if (png !== (imageEnding(like) === '.png')) {
    throw new InputError(
      'unsupported-image',
      `${path}: labels of ${like} are written as the same kind of image`,
      `give a name that ends in ${imageEnding(like)}`,
    );
  }
  if (!png) {
    writeNiftiLabels(path, labels, like);
    return;
  }
  const [width, height] = pngSize(like);
  if (labels.length !== width * height) {
    throw new RangeError(`${labels.length} labels for an image of ${width}×${height}`);
  }
  writeLabelMap(path, { width, height, data: labels });
}
