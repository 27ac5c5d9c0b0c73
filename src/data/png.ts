import { InputError } from '../errors.ts';
import { writeFileAtomic } from '../tensors/atomic-file.ts';
import { readBytes } from '../tensors/read-file.ts';
import { claimedSize, decodePng, encodePng, hasPngSignature, type PngSamples } from './png-format.ts';

/** Pixels of an image, row by row, channels interleaved: `data[(y * width + x) * channels + c]`. */
export interface Png {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. */
  readonly channels: number;
  /** Bits a sample: 8 gives a Uint8Array, 16 a Uint16Array. */
  readonly depth: 8 | 16;
  readonly data: Uint8Array | Uint16Array;
}

/** A map of class ids, row by row. */
export interface LabelMap {
  readonly width: number;
  readonly height: number;
  readonly data: Int32Array;
}

/** Bounds what a forged header can make the decoder allocate. */
const maxPixels = 2 ** 28;

/**
 * Reads a PNG image: grey, grey and alpha, RGB, RGBA at 8 or 16 bits, or with a palette. Grey of fewer than 8
 * bits is scaled to 8; a palette becomes RGB, or RGBA where one of its colours is not opaque. A single colour
 * declared transparent in a grey or RGB image is left as it is.
 *
 * @throws InputError `file-not-found`, `not-a-file`, `cannot-read`; `bad-png` when it is not a PNG image, or
 *   truncated or damaged
 */
export function readPng(path: string): Png {
  const decoded = decodeFile(path);
  const { width, height, depth, channels, data } = decoded;
  if (decoded.palette !== undefined) return expandPalette(path, decoded, decoded.palette);
  if (depth < 8) {
    const scale = 255 / ((1 << depth) - 1);
    for (let i = 0; i < data.length; i++) data[i] *= scale;
  }
  return { width, height, channels, depth: depth === 16 ? 16 : 8, data };
}

/**
 * Reads a label map: a PNG image with one channel (any bit depth), whose values are the class ids, or one with
 * a palette, whose indices are.
 *
 * @throws InputError as {@link readPng}; `bad-label-map` when the image has more than one channel
 */
export function readLabelMap(path: string): LabelMap {
  const decoded = decodeFile(path);
  if (decoded.channels !== 1) {
    throw new InputError(
      'bad-label-map',
      `${path}: has ${decoded.channels} channels; a label map has one, whose values are class ids`,
      'save it as a grey image or with a palette, one id a pixel',
    );
  }
  return { width: decoded.width, height: decoded.height, data: new Int32Array(decoded.data) };
}

function decodeFile(path: string): PngSamples {
  const bytes = readBytes(path, 'a PNG image');
  const bad = (problem: string) =>
    new InputError('bad-png', `${path}: ${problem}`, 'save the image again as PNG');
  if (!hasPngSignature(bytes)) throw bad('is not a PNG image (it does not begin with the PNG signature)');
  if (bytes.length < 33) throw bad('is truncated within the PNG header');
  const { width, height } = claimedSize(bytes);
  if (width === 0 || height === 0 || width * height > maxPixels) {
    throw bad(`claims ${width}×${height} pixels; from 1×1 to ${maxPixels} pixels are read`);
  }
  try {
    return decodePng(bytes);
  } catch (error) {
    throw bad(`is a truncated or damaged PNG image (${error instanceof Error ? error.message : error})`);
  }
}

function expandPalette(
  path: string,
  { width, height, data: indices }: PngSamples,
  palette: readonly (readonly number[])[],
): Png {
  const channels = palette.some((colour) => (colour[3] ?? 255) !== 255) ? 4 : 3;
  const data = new Uint8Array(indices.length * channels);
  for (let i = 0; i < indices.length; i++) {
    const colour = palette[indices[i]];
    if (colour === undefined) {
      throw new InputError(
        'bad-png',
        `${path}: is a damaged PNG image: index ${indices[i]} in a palette of ${palette.length} colours`,
        'save the image again as PNG',
      );
    }
    for (let c = 0; c < channels; c++) data[i * channels + c] = colour[c];
  }
  return { width, height, channels, depth: 8, data };
}

/**
 * Writes an image of 1 to 4 channels, atomically.
 *
 * @throws InputError `cannot-write`; JobError `write-failed`
 */
export function writePng(path: string, image: Png): void {
  writeFileAtomic(path, encodePng(image));
}

/**
 * Writes a label map as a grey PNG image of 8 bits.
 *
 * @throws InputError `cannot-write`; RangeError on an id outside 0 to 255
 */
export function writeLabelMap(path: string, labels: LabelMap): void {
  const { width, height, data } = labels;
  const wrong = data.find((label) => label < 0 || label > 255);
  if (wrong !== undefined) throw new RangeError(`class id ${wrong} does not fit 8 bits`);
  writePng(path, { width, height, channels: 1, depth: 8, data: Uint8Array.from(data) });
}
