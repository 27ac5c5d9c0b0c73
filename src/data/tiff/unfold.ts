import { inflateSync } from 'node:zlib';
import type { Compression } from './layout.ts';

/** What may follow the pixels of a part, in bytes. */
const SLACK = 1024;

/**
 * The bytes of a strip or tile as they are to be decoded: deflate undone, LZW looked through. So a part never unfolds to
 * more than the pixels that it is to hold.
 *
 * @param expected bytes of its pixels
 * @throws Error where it holds fewer bytes, more, or is damaged
 */
export function unfolded(stored: Uint8Array, compression: Compression, expected: number): Uint8Array {
  if (compression === 'lzw') {
    requireBytes(lzwLength(stored, expected + SLACK), expected);
    return stored;
  }
  const bytes = compression === 'none' ? stored : inflate(stored, expected + SLACK);
  requireBytes(bytes.length, expected);
  return bytes;
}

function requireBytes(found: number, expected: number): void {
  if (found < expected) throw new Error(`${found} bytes of pixels where ${expected} are expected`);
}

function inflate(stored: Uint8Array, most: number): Uint8Array {
  try {
    return inflateSync(stored, { maxOutputLength: most });
  } catch (error) {
    const tooLarge = (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';
    throw tooLarge ? unfoldsTo(most) : error;
  }
}

const unfoldsTo = (most: number) => new Error(`a part unfolds to more than ${most} bytes`);

const [CLEAR, END, FIRST] = [256, 257, 258];

/**
 * The bytes that LZW as TIFF has it unfolds to, found without unfolding: of each code only how long its string is.
 * See TIFF 6.0, section 13.
 *
 * @throws Error where they are more than `most`, or a code is used before it has a string
 */
function lzwLength(stored: Uint8Array, most: number): number {
  const lengths = new Float64Array(4096).fill(1, 0, CLEAR);
  let [total, next, width, before, bits, held] = [0, FIRST, 9, -1, 0, 0];
  for (const byte of stored) {
    held = ((held << 8) | byte) & 0xfffff;
    bits += 8;
    if (bits < width) continue;
    bits -= width;
    const code = (held >> bits) & ((1 << width) - 1);
    if (code === END) return total;
    if (code === CLEAR) {
      [next, width, before] = [FIRST, 9, -1];
      continue;
    }
    if (code > next || (before < 0 ? code >= CLEAR : code === next && next > 4095))
      throw new Error('LZW codes without a string');
    if (before >= 0 && next < 4096) lengths[next++] = lengths[before] + 1;
    total += lengths[code];
    if (total > most) throw unfoldsTo(most);
    before = code;
    // The width changes one code early.
    if (next === (1 << width) - 1 && width < 12) width++;
  }
  return total;
}
