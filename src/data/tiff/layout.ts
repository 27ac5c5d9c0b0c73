import type { TiffIfd } from 'tiff';
import { badTiff, DAMAGED } from './bad-tiff.ts';

/** A strip or a tile: a part of a page whose samples are stored together. */
export interface Chunk {
  /** Its upper left pixel, and the pixels that are stored: tiles reach beyond the page. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Where it is in the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** How the samples of a page are stored. */
export interface Page {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 RGB. */
  readonly channels: 1 | 3;
  /** Bits a sample: unsigned integers of 8 or 16, floats of 32 or 64. */
  readonly bits: number;
  readonly float: boolean;
  readonly compression: Compression;
  /** 2: differences of neighbours in a row. */
  readonly predictor: 1 | 2;
  readonly chunks: readonly Chunk[];
}

export type Compression = 'none' | 'lzw' | 'deflate';

/** By TIFF's numbers: those that are read, and names of others for messages. */
const compressions: Readonly<Record<number, Compression>> = {
  1: 'none',
  5: 'lzw',
  8: 'deflate',
  32946: 'deflate',
};
const otherCompressions: Readonly<Record<number, string>> = {
  2: 'CCITT fax',
  3: 'CCITT fax',
  4: 'CCITT fax',
  6: 'JPEG',
  7: 'JPEG',
  32773: 'PackBits',
  33003: 'JPEG 2000',
  33005: 'JPEG 2000',
  34712: 'JPEG 2000',
  34887: 'LERC',
  34925: 'LZMA',
  50000: 'Zstandard',
  50001: 'WebP',
};
const colours: Readonly<Record<number, string>> = {
  0: 'grey where 0 is white',
  3: 'colours of a palette',
  4: 'a transparency mask',
  5: 'CMYK',
  6: 'YCbCr',
  8: 'CIELab',
  32803: 'raw data of a camera',
};
const formats: Readonly<Record<number, string>> = {
  2: 'signed integers',
  4: 'samples of no format',
  5: 'complex integers',
  6: 'complex numbers',
};

/** How much more deflate and LZW can make of a byte, at most. */
const growth: Readonly<Record<Compression, number>> = { none: 1, deflate: 1040, lzw: 4096 };

/** Bounds what one file may take: samples of all pages. */
const maxSamples = 2 ** 29;

/**
 * How a page is stored, checked for what is read.
 *
 * @throws InputError `bad-tiff` for all else, and where the file cannot hold as many pixels as it claims
 */
export function pageOf(path: string, ifd: TiffIfd, fileBytes: number): Page {
  const refuse = (found: string) => badTiff(path, `has ${found}, which is not read`);
  const size = { width: Number(ifd.width ?? 0), height: Number(ifd.height ?? 0) };
  const { width, height } = size;
  if (!(width >= 1 && height >= 1)) throw badTiff(path, `claims ${width}×${height} pixels`, DAMAGED);
  const compression = compressions[ifd.compression];
  if (compression === undefined)
    throw refuse(`pixels compressed by ${otherCompressions[ifd.compression] ?? `method ${ifd.compression}`}`);
  const channels = channelsOf(path, ifd);
  const samples = samplesOf(path, ifd);
  if (ifd.get('PlanarConfiguration') === 2 && channels > 1)
    throw badTiff(
      path,
      'stores each channel apart (planar configuration 2)',
      'save it with interleaved channels',
    );
  if (ifd.fillOrder !== 1) throw refuse('bits in reversed order');
  if ((ifd.orientation ?? 1) !== 1)
    throw badTiff(path, `is stored turned or mirrored (orientation ${ifd.orientation})`, 'save it upright');
  const { predictor } = ifd;
  if (predictor !== 1 && !(predictor === 2 && !samples.float))
    throw refuse(`pixels stored as differences of kind ${predictor} of ${samples.bits} bits`);
  const page = { ...size, channels, ...samples, compression, predictor: predictor === 2 ? 2 : 1 } as const;
  const chunks = ifd.tiled ? tilesOf(path, ifd, size) : stripsOf(path, ifd, size);
  checkClaim(path, page, chunks, fileBytes);
  return { ...page, chunks };
}

function channelsOf(path: string, ifd: TiffIfd): 1 | 3 {
  const { type, samplesPerPixel } = ifd;
  if (type === 1 && samplesPerPixel === 1) return 1;
  if (type === 2 && samplesPerPixel === 3) return 3;
  if (type === 1 || type === 2) {
    const alpha = samplesPerPixel === (type === 1 ? 2 : 4);
    const kind = type === 1 ? 'grey' : 'RGB';
    throw badTiff(
      path,
      `has ${samplesPerPixel} samples a pixel of ${kind}${alpha ? ', one of them transparency' : ''}; 1 of grey or 3 of RGB are read`,
      alpha
        ? 'save the image without its alpha channel'
        : 'write a file a channel, <case>_0000, <case>_0001, …',
    );
  }
  throw badTiff(
    path,
    `holds ${colours[type] ?? `colours of kind ${type}`}; grey (0 is black) and RGB are read`,
  );
}

function samplesOf(path: string, ifd: TiffIfd): { readonly bits: number; readonly float: boolean } {
  const all = (value: number | ArrayLike<number> | undefined, otherwise: number) =>
    value === undefined ? [otherwise] : typeof value === 'number' ? [value] : Array.from(value);
  const bits = all(ifd.get('BitsPerSample'), 1);
  const kinds = all(ifd.get('SampleFormat'), 1);
  const text = `samples of ${bits.join(', ')} bits${kinds.every((kind) => kind === 1) ? '' : ` (${formats[kinds[0]] ?? 'floating point'})`}`;
  const same = bits.every((n) => n === bits[0]) && kinds.every((kind) => kind === kinds[0]);
  const float = kinds[0] === 3;
  const known = float ? [32, 64] : kinds[0] === 1 ? [8, 16] : [];
  if (same && known.includes(bits[0])) return { bits: bits[0], float };
  throw badTiff(path, `has ${text}, which are not read`);
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function stripsOf(path: string, ifd: TiffIfd, { width, height }: Size): Chunk[] {
  const rows = Math.min(ifd.rowsPerStrip, height);
  return chunksOf(path, ifd.stripOffsets, ifd.stripByteCounts, Math.ceil(height / rows), (i) => ({
    ...{ x: 0, y: i * rows, width, height: Math.min(rows, height - i * rows) },
  }));
}

function tilesOf(path: string, ifd: TiffIfd, { width, height }: Size): Chunk[] {
  const [w, h] = [Number(ifd.tileWidth), Number(ifd.tileHeight)];
  if (!(w >= 1 && h >= 1)) throw badTiff(path, `has tiles of ${w}×${h} pixels`, DAMAGED);
  const across = Math.ceil(width / w);
  return chunksOf(path, ifd.tileOffsets, ifd.tileByteCounts, across * Math.ceil(height / h), (i) => ({
    ...{ x: (i % across) * w, y: Math.floor(i / across) * h, width: w, height: h },
  }));
}

function chunksOf(
  path: string,
  offsets: ArrayLike<number> | undefined,
  lengths: ArrayLike<number> | undefined,
  count: number,
  place: (index: number) => Omit<Chunk, 'offset' | 'bytes'>,
): Chunk[] {
  if (!offsets || !lengths || offsets.length < count || lengths.length < count)
    throw badTiff(path, `is damaged: it does not say where all of its ${count} parts are`, DAMAGED);
  return Array.from({ length: count }, (_, i) => ({ ...place(i), offset: offsets[i], bytes: lengths[i] }));
}

/** Before room is made for the pixels: a small file can claim any number of them. */
function checkClaim(
  path: string,
  page: Omit<Page, 'chunks'>,
  chunks: readonly Chunk[],
  fileBytes: number,
): void {
  const { width, height, channels, bits, compression } = page;
  const claim = `${width}×${height} pixels`;
  if (width * height * channels > maxSamples)
    throw badTiff(
      path,
      `claims ${claim}; at most ${maxSamples} samples are read`,
      'cut it into smaller images',
    );
  const beyond = chunks.find(({ offset, bytes }) => offset + bytes > fileBytes);
  if (beyond) {
    const found = `${beyond.bytes} bytes from byte ${beyond.offset} on expected, the file has ${fileBytes}`;
    throw badTiff(path, `is truncated: ${found}`, DAMAGED);
  }
  const stored = chunks.reduce((sum, { bytes }) => sum + bytes, 0);
  const needed = (width * height * channels * bits) / 8;
  if (stored * growth[compression] < needed)
    throw badTiff(path, `claims ${claim}, and holds ${stored} bytes of them`, DAMAGED);
}
