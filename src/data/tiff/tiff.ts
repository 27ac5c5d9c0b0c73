import { deflateSync } from 'node:zlib';
import { decode } from 'tiff';
import { writeFileAtomic } from '../../tensors/atomic-file.ts';
import { readBytes } from '../../tensors/read-file.ts';
import { badTiff, DAMAGED } from './bad-tiff.ts';
import { readDirectories } from './directories.ts';
import { encodeTiff } from './encode.ts';
import { type Chunk, type Page, pageOf } from './layout.ts';
import { checkStack } from './stack.ts';
import { unfolded } from './unfold.ts';

/** An image, or of a file of several pages their stack. */
export interface Tiff {
  /** 1 grey, 3 RGB. */
  readonly channels: 1 | 3;
  /** [D, H, W]: pages, rows, columns. */
  readonly shape: readonly [number, number, number];
  /** [C, D, H, W], the values as they are stored. */
  readonly data: Float32Array;
}

const DEFLATE = 9;

/**
 * Reads a TIFF file of one page, or of several of one size as a volume: grey or RGB of 8 or 16 bits unsigned, or of 32 or
 * 64 bits floating point (64 are rounded to 32), in strips or tiles, uncompressed, LZW or deflate.
 *
 * @throws InputError `file-not-found`, `not-a-file`, `cannot-read`; `bad-tiff` where it is damaged, or holds anything else
 */
export function readTiff(path: string): Tiff {
  const bytes = readBytes(path, 'a TIFF image');
  const { pages, littleEndian } = pagesOf(path, bytes);
  const [{ width, height, channels }] = pages;
  const plane = width * height;
  const data = new Float32Array(channels * pages.length * plane);
  for (const [z, page] of pages.entries()) {
    for (const chunk of page.chunks) {
      const samples = samplesOf(path, bytes, page, chunk, littleEndian);
      const [rows, columns] = [
        Math.min(chunk.height, height - chunk.y),
        Math.min(chunk.width, width - chunk.x),
      ];
      for (let c = 0; c < channels; c++) {
        const start = (c * pages.length + z) * plane + chunk.y * width + chunk.x;
        for (let y = 0; y < rows; y++) {
          for (let x = 0; x < columns; x++)
            data[start + y * width + x] = samples[(y * chunk.width + x) * channels + c];
        }
      }
    }
  }
  return { channels, shape: [pages.length, height, width], data };
}

/** [D, H, W] of a TIFF file, without its pixels. Throws as {@link readTiff} where they are not read. */
export function tiffShape(path: string): readonly [number, number, number] {
  const { pages } = pagesOf(path, readBytes(path, 'a TIFF image'));
  return [pages.length, pages[0].height, pages[0].width];
}

/**
 * Writes class ids as a grey TIFF file of 8 bits, deflated; a page a slice.
 *
 * @param labels [D, H, W], 0 to 255
 * @throws InputError `cannot-write`; RangeError where labels do not fit
 */
export function writeTiffLabels(
  path: string,
  labels: Int32Array | Uint8Array,
  [depth, height, width]: readonly [number, number, number],
): void {
  if (labels.length !== depth * height * width)
    throw new RangeError(`${labels.length} labels for an image of ${width}×${height}×${depth}`);
  const wrong = labels.find((label) => label < 0 || label > 255);
  if (wrong !== undefined) throw new RangeError(`class id ${wrong} does not fit 8 bits`);
  const plane = height * width;
  const pages = Array.from({ length: depth }, (_, z) => {
    const data = deflateSync(Uint8Array.from(labels.subarray(z * plane, (z + 1) * plane)), {
      level: DEFLATE,
    });
    return { width, height, channels: 1, bits: 8, float: false, compression: 8, predictor: 1, data } as const;
  });
  writeFileAtomic(path, encodeTiff(pages));
}

function pagesOf(path: string, bytes: Uint8Array): { pages: readonly Page[]; littleEndian: boolean } {
  const { pages: directories, littleEndian } = readDirectories(path, bytes);
  const pages = directories.map((ifd) => pageOf(path, ifd, bytes.length));
  checkStack(path, directories[0], pages);
  return { pages, littleEndian };
}

/**
 * The samples of a strip or tile, row by row, channels interleaved. Each is decoded as a file of its own, since the package
 * takes differences along whole rows of the image, where tiles have their own, and of tiles the first channel alone.
 */
function samplesOf(
  path: string,
  bytes: Uint8Array,
  page: Page,
  { width, height, offset, bytes: length }: Chunk,
  littleEndian: boolean,
): ArrayLike<number> {
  const expected = (width * height * page.channels * page.bits) / 8;
  try {
    const data = unfolded(bytes.subarray(offset, offset + length), page.compression, expected);
    const compression = page.compression === 'lzw' ? 5 : 1;
    return decode(encodeTiff([{ ...page, width, height, compression, data }], littleEndian))[0].data;
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw badTiff(path, `is a truncated or damaged TIFF file (${problem})`, DAMAGED);
  }
}
