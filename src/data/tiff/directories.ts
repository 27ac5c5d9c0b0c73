import { decode, type TiffIfd } from 'tiff';
import { badTiff, DAMAGED } from './bad-tiff.ts';

/** Bytes of a value, by TIFF's type codes from 1 to 12. */
const valueBytes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];

/** Pages that are read of one file. */
const MAX_PAGES = 2 ** 16;

/** What a file says of its pages, and in which order its bytes are. */
export interface Directories {
  readonly littleEndian: boolean;
  readonly pages: readonly TiffIfd[];
}

/**
 * Reads what a TIFF file says of its pages, without their pixels.
 *
 * @throws InputError `bad-tiff` where it is no TIFF file, truncated or damaged
 */
export function readDirectories(path: string, bytes: Uint8Array): Directories {
  const littleEndian = byteOrder(path, bytes);
  checkChain(path, bytes, littleEndian);
  try {
    return { littleEndian, pages: decode(bytes, { ignoreImageData: true }) };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw badTiff(path, `is a truncated or damaged TIFF file (${problem})`, DAMAGED);
  }
}

function byteOrder(path: string, bytes: Uint8Array): boolean {
  const order = String.fromCharCode(bytes[0], bytes[1]);
  const [first, second] = order === 'II' ? [bytes[2], bytes[3]] : [bytes[3], bytes[2]];
  const known = bytes.length >= 8 && (order === 'II' || order === 'MM') && second === 0;
  if (known && first === 42) return order === 'II';
  if (known && first === 43)
    throw badTiff(path, 'is a BigTIFF file, which is not read', 'save it as a TIFF file of less than 4 GB');
  throw badTiff(path, 'is not a TIFF file (it does not begin as one)', DAMAGED);
}

/**
 * Makes sure that the chain of pages ends, and that all it points to lies in the file: what reads it follows it blindly,
 * and makes room for as much as an entry claims.
 */
function checkChain(path: string, bytes: Uint8Array, littleEndian: boolean): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const seen = new Set<number>();
  const truncated = () =>
    badTiff(path, 'is truncated: what it says of its pages lies beyond its end', DAMAGED);
  let at = view.getUint32(4, littleEndian);
  if (at === 0) throw badTiff(path, 'holds no image', DAMAGED);
  while (at !== 0) {
    if (seen.has(at) || seen.size === MAX_PAGES)
      throw badTiff(
        path,
        `is damaged: its pages follow each other in a circle, or are more than ${MAX_PAGES}`,
        DAMAGED,
      );
    seen.add(at);
    if (at + 2 > bytes.length) throw truncated();
    const entries = view.getUint16(at, littleEndian);
    const end = at + 2 + 12 * entries;
    if (end + 4 > bytes.length) throw truncated();
    for (let entry = at + 2; entry < end; entry += 12) {
      const size = valueBytes[view.getUint16(entry + 2, littleEndian)] ?? 0;
      const length = size * view.getUint32(entry + 4, littleEndian);
      if (length > 4 && view.getUint32(entry + 8, littleEndian) + length > bytes.length) throw truncated();
    }
    at = view.getUint32(end, littleEndian);
  }
}
