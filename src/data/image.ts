import { InputError } from '../errors.ts';
import { readNifti, type Volume, writeNiftiLabels } from './nifti.ts';
import { pngSize, readLabelMap, readPng, writeLabelMap } from './png.ts';
import { readSpacing, spacingFile, writeSpacing } from './tiff/spacing.ts';
import { readTiff, tiffShape, writeTiffLabels } from './tiff/tiff.ts';

/** An image of one or several channels and, where it is a volume, slices. */
export interface Image {
  readonly channels: number;
  /** [D, H, W]; D is 1 for a PNG image. */
  readonly shape: readonly [number, number, number];
  /** Pixel size along D, H, W: mm for NIfTI, 1 for PNG, for TIFF as the file beside it says. */
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
export const imageEndings = ['.png', '.nii.gz', '.nii', '.tif', '.tiff'] as const;
export type ImageEnding = (typeof imageEndings)[number];

export type ImageKind = 'PNG' | 'NIfTI' | 'TIFF';

const kinds: Readonly<Record<ImageEnding, ImageKind>> = {
  '.png': 'PNG',
  '.nii.gz': 'NIfTI',
  '.nii': 'NIfTI',
  '.tif': 'TIFF',
  '.tiff': 'TIFF',
};

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

/** The kind of image that a path names. Throws as {@link imageEnding}. */
export const imageKind = (path: string): ImageKind => kinds[imageEnding(path)];

/** What beside an image says how it is to be read; `undefined` where there is no such file. */
export function besideImage(path: string): string | undefined {
  return imageKind(path) === 'TIFF' ? spacingFile(path) : undefined;
}

/**
 * Reads a PNG image, a NIfTI volume (one channel), or a TIFF file, of which several pages are a volume; with the values as
 * they are stored.
 *
 * @throws InputError `unsupported-image`, and those of readPng, readNifti, readTiff and readSpacing
 */
export function readImage(path: string): Image {
  const kind = imageKind(path);
  if (kind === 'NIfTI') return { channels: 1, ...readNifti(path) };
  if (kind === 'TIFF') return { ...readTiff(path), spacing: readSpacing(path) };
  const { width, height, channels, data: pixels } = readPng(path);
  const plane = width * height;
  const data = new Float32Array(channels * plane);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < plane; i++) data[c * plane + i] = pixels[i * channels + c];
  }
  return { channels, shape: [1, height, width], spacing: [1, 1, 1], data };
}

/** The values of a label map as they are stored, whatever they are: see {@link readLabels}. */
export interface LabelValues extends Omit<Labels, 'data'> {
  /** [D, H, W]. */
  readonly data: Int32Array | Float32Array;
}

/**
 * Reads what a label map holds, class ids or not.
 *
 * @throws InputError as readImage; `bad-label-map` where there are several channels
 */
export function readLabelValues(path: string): LabelValues {
  const kind = imageKind(path);
  if (kind === 'NIfTI') return readNifti(path);
  if (kind === 'PNG') {
    const { width, height, data } = readLabelMap(path);
    return { shape: [1, height, width], spacing: [1, 1, 1], data };
  }
  const { channels, shape, data } = readTiff(path);
  if (channels === 1) return { shape, spacing: readSpacing(path), data };
  throw new InputError(
    'bad-label-map',
    `${path}: has ${channels} channels; a label map has one, whose values are class ids`,
    'save it as a grey image, one id a pixel',
  );
}

/**
 * Reads class ids from a PNG or TIFF label map, or a NIfTI volume.
 *
 * @throws InputError as readImage; `bad-label-map` where there are several channels or values that are not
 *   non-negative integers
 */
export function readLabels(path: string): Labels {
  const { data, ...labels } = readLabelValues(path);
  if (data instanceof Int32Array) return { ...labels, data };
  const wrong = data.find((value) => !(Number.isInteger(value) && value >= 0 && value < 2 ** 24));
  if (wrong !== undefined) {
    throw new InputError(
      'bad-label-map',
      `${path}: holds the value ${Number(wrong.toPrecision(6))}; class ids are integers from 0`,
      slopeHint(wrong) ??
        'check that this is the label and not the image, and that it was resampled with nearest neighbours',
    );
  }
  return { ...labels, data: Int32Array.from(data) };
}

/** What to do about a value that is almost a whole number, which the slope of a header has moved; else nothing. */
export function slopeHint(value: number): string | undefined {
  const whole = Math.round(value);
  if (Number.isInteger(value) || !(Math.abs(value - whole) < ALMOST)) return undefined;
  return `almost ${whole}: a slope in the header; round the values and save them as integers`;
}

/**
 * Writes class ids beside the image they belong to: as a grey PNG of 8 bits, as a NIfTI volume with the image's geometry,
 * or as a grey TIFF file of 8 bits, with the spacing in a file beside it where the image has one.
 *
 * @param path where to; its ending must name the same kind of image as that of `like`
 * @param labels [D, H, W] of the image's size, 0 to 255
 * @param like path of the image
 * @throws InputError `unsupported-image`, `cannot-write`, and those of readPng, readNifti and readTiff; RangeError where
 *   the labels do not fit
 */
export function writeLabels(path: string, labels: Int32Array | Uint8Array, like: string): void {
  const kind = imageKind(path);
  if (kind !== imageKind(like)) {
    throw new InputError(
      'unsupported-image',
      `${path}: labels of ${like} are written as the same kind of image`,
      `give a name that ends in ${imageEnding(like)}`,
    );
  }
  if (kind === 'NIfTI') writeNiftiLabels(path, labels, like);
  else if (kind === 'PNG') writePngLabels(path, labels, like);
  else {
    writeTiffLabels(path, labels, tiffShape(like));
    if (spacingFile(like) !== undefined) writeSpacing(path, readSpacing(like));
  }
}

function writePngLabels(path: string, labels: Int32Array | Uint8Array, like: string): void {
  const [width, height] = pngSize(like);
  if (labels.length !== width * height) {
    throw new RangeError(`${labels.length} labels for an image of ${width}×${height}`);
  }
  writeLabelMap(path, { width, height, data: labels });
}
