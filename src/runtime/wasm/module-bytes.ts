import { RuntimeError } from '../runtime-error.ts';

const IMPORT_SECTION = 2;
const MEMORY = 2;
/** Bit of a memory's flags. */
const SHARED = 2;
/** Magic number and version. */
const HEADER = 8;

/**
 * The bytes of a module of kernels, for a memory that is not shared. Modules are written for a shared one; all their
 * instructions but waiting do the same in either.
 *
 * @throws RuntimeError `wasm-refused` where it imports none
 */
export function forUnsharedMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  let at = HEADER;
  const u8 = (): number => {
    if (at >= copy.length) throw refused();
    return copy[at++];
  };
  const u32 = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = u8();
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
  };
  const skipName = () => {
    const length = u32();
    at += length;
  };
  while (at < copy.length) {
    const [id, size] = [u8(), u32()];
    if (id !== IMPORT_SECTION) {
      at += size;
      continue;
    }
    for (let left = u32(); left > 0; left--) {
      skipName();
      skipName();
      if (u8() === MEMORY) {
        copy[at] &= ~SHARED;
        return copy;
      }
      // A function: its type.
      u32();
    }
  }
  throw refused();
}

const refused = () => new RuntimeError('wasm-refused', 'the kernels are no module that imports a memory');
