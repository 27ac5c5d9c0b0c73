import { inflateSync } from 'node:zlib';
import { type DecodedPng, decode, encode, hasPngSignature } from 'fast-png';
import { InputError } from '../errors.ts';
import { writeFileAtomic } from '../tensors/atomic-file.ts';
import { readBytes } from '../tensors/read-file.ts';

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
  const { width, height, depth, channels } = decoded;
  if (decoded.palette !== undefined) return expandPalette(path, decoded, decoded.palette);
  const data = unpack(decoded);
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
  return { width: decoded.width, height: decoded.height, data: Int32Array.from(unpack(decoded)) };
}

/** Width and height of a PNG image, by its header alone. Throws as {@link readPng}. */
export function pngSize(path: string): readonly [width: number, height: number] {
  const { width, height } = headerOf(path, readBytes(path, 'a PNG image'));
  return [width, height];
}

const bad = (path: string, problem: string) =>
  new InputError('bad-png', `${path}: ${problem}`, 'save the image again as PNG');

function headerOf(path: string, bytes: Uint8Array) {
  if (bytes.length === 0) throw bad(path, 'is empty: 0 bytes');
  if (!hasPngSignature(bytes))
    throw bad(path, 'is not a PNG image (it does not begin with the PNG signature)');
  if (bytes.length < 33) throw bad(path, 'is truncated within the PNG header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height, depth, interlace] = [view.getUint32(16), view.getUint32(20), bytes[24], bytes[28]];
  if (width === 0 || height === 0 || width * height > maxPixels) {
    throw bad(path, `claims ${width}×${height} pixels; from 1×1 to ${maxPixels} pixels are read`);
  }
  return { width, height, depth, interlace };
}

function decodeFile(path: string): DecodedPng {
  const bytes = readBytes(path, 'a PNG image');
  const { depth, interlace } = headerOf(path, bytes);
  if (interlace !== 0 && depth < 8)
    throw bad(path, `is interlaced with ${depth} bits a sample, which is not supported`);
  try {
    checkUnfolded(bytes);
    return decode(bytes, { checkCrc: true });
  } catch (error) {
    throw bad(
      path,
      `is a truncated or damaged PNG image (${error instanceof Error ? error.message : error})`,
    );
  }
}

/** Channels by PNG's colour type. */
const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** What a colour profile may have, in bytes. */
const maxProfile = 2 ** 24;

/**
 * Makes sure that the file unfolds to what its header tells, no less and no more: some kilobytes can hold gigabytes of
 * zeros, and a header can claim them. Throws an Error otherwise.
 */
function checkUnfolded(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height, depth, colour] = [view.getUint32(16), view.getUint32(20), bytes[24], bytes[25]];
  const parts: Uint8Array[] = [];
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    const chunk = bytes.subarray(at + 8, at + 8 + view.getUint32(at));
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (type === 'IEND') break;
    if (type === 'IDAT') parts.push(chunk);
    // A name that ends in 0, the kind of compression, then the profile.
    else if (type === 'iCCP')
      inflatedSize('the colour profile', chunk.subarray(chunk.indexOf(0) + 2), maxProfile);
  }
  const pixels = (width * height * (channelsOf[colour] ?? 4) * depth) / 8;
  // A filter byte and up to a byte of padding a row, of which interlacing makes less than two more a row and seven.
  const found = inflatedSize('the image', Buffer.concat(parts), Math.ceil(pixels) + 8 * height + 64);
  if (found < pixels)
    throw new Error(`${found} bytes of pixels where its header tells of ${Math.ceil(pixels)}`);
}

function inflatedSize(what: string, compressed: Uint8Array, most: number): number {
  try {
    return inflateSync(compressed, { maxOutputLength: most }).length;
  } catch (error) {
    const tooLarge = (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';
    throw tooLarge ? new Error(`${what} unfolds to more than ${most} bytes`) : error;
  }
}

/** One array element a sample; samples of 1, 2 and 4 bits come packed, each row from a new byte. */
function unpack({ width, height, channels, depth, data }: DecodedPng): Uint8Array | Uint16Array {
  if (data instanceof Uint16Array) return data;
  if (depth >= 8) return new Uint8Array(data.buffer, data.byteOffset, data.length);
  const samples = width * channels;
  const rowBytes = Math.ceil((samples * depth) / 8);
  const values = new Uint8Array(samples * height);
  for (let y = 0; y < height; y++) {
    for (let i = 0; i < samples; i++) {
      const bit = i * depth;
      const byte = data[y * rowBytes + (bit >> 3)];
      values[y * samples + i] = (byte >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
    }
  }
  return values;
}

function expandPalette(path: string, decoded: DecodedPng, palette: readonly number[][]): Png {
  const { width, height } = decoded;
  const indices = unpack(decoded);
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

/** The bytes of a PNG file; the same pixels give the same bytes. */
export function encodePng({ width, height, channels, depth, data }: Png): Uint8Array {
  return encode({ width, height, channels, depth, data });
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
export function writeLabelMap(
  path: string,
  labels: Omit<LabelMap, 'data'> & { readonly data: Int32Array | Uint8Array },
): void {
  const { width, height, data } = labels;
  const wrong = data.find((label) => label < 0 || label > 255);
  if (wrong !== undefined) throw new RangeError(`class id ${wrong} does not fit 8 bits`);
  writePng(path, {
    width,
    height,
    channels: 1,
    depth: 8,
    data: data instanceof Uint8Array ? data : Uint8Array.from(data),
  });
}
