import { closeSync, openSync, readSync } from 'node:fs';
import { fileSize, readError } from './read-file.ts';
import {
  badSafetensors,
  type Header,
  type HeaderEntry,
  headerLength,
  parseHeader,
} from './safetensors-header.ts';
import { bytesPerElement, type Tensor, tensorOfBytes } from './tensor.ts';

const what = 'a safetensors file';

/** A safetensors file that is open, of which any part can be read. It is to be closed. */
export class SafetensorsFile {
  readonly path: string;
  readonly header: Header;
  readonly #file: number;
  /** Where the tensors begin. */
  readonly #start: number;
  readonly #entries: ReadonlyMap<string, HeaderEntry>;

  /**
   * Opens a file and reads its header.
   *
   * @throws InputError `file-not-found`, `not-a-file`, `cannot-read`; `bad-safetensors` where the header is malformed or
   *   does not agree with the size of the file
   */
  constructor(path: string) {
    this.path = path;
    const size = fileSize(path, what);
    try {
      this.#file = openSync(path, 'r');
    } catch (error) {
      throw readError(path, what, error);
    }
    try {
      const length = headerLength(path, this.#bytes(0, Math.min(8, size)), size);
      this.#start = 8 + length;
      this.header = parseHeader(path, this.#bytes(8, length), size - this.#start);
      this.#entries = new Map(this.header.entries.map((entry) => [entry.name, entry]));
    } catch (error) {
      closeSync(this.#file);
      throw error;
    }
  }

  entry(name: string): HeaderEntry | undefined {
    return this.#entries.get(name);
  }

  /** The bytes from `begin` to `end`, counted from where the tensors begin. Throws InputError as the constructor. */
  bytes(begin: number, end: number): Uint8Array {
    return this.#bytes(this.#start + begin, end - begin);
  }

  /**
   * A run of a tensor's elements, in row-major order.
   *
   * @throws InputError as the constructor; RangeError where there is no such tensor or it has fewer elements
   */
  elements(name: string, first: number, count: number): Tensor {
    const entry = this.#entries.get(name);
    const size = entry ? bytesPerElement(entry.dtype) : 0;
    if (!entry || first < 0 || entry.begin + (first + count) * size > entry.end)
      throw new RangeError(`${this.path}: elements ${first} to ${first + count} of ${name}`);
    const begin = entry.begin + first * size;
    return tensorOfBytes(entry.dtype, [count], this.bytes(begin, begin + count * size));
  }

  close(): void {
    closeSync(this.#file);
  }

  #bytes(position: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      let count: number;
      try {
        count = readSync(this.#file, bytes, at, Math.min(length - at, 2 ** 30), position + at);
      } catch (error) {
        throw readError(this.path, what, error);
      }
      if (count === 0) throw badSafetensors(this.path, `it ended at byte ${position + at} while being read`);
      at += count;
    }
    return bytes;
  }
}
