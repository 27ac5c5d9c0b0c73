import { closeSync, openSync, readSync } from 'node:fs';
import { writeFileAtomic } from './atomic-file.ts';
import { fileSize, readError } from './read-file.ts';
import { type Safetensors, safetensorsChunks, tensorsOfHeader } from './safetensors-bytes.ts';
import { badSafetensors, type Header, headerLength, parseHeader } from './safetensors-header.ts';
import type { Tensor } from './tensor.ts';

const what = 'a safetensors file';

/**
 * Reads a safetensors file.
 *
 * @throws InputError `file-not-found`, `not-a-file` or `cannot-read`; `bad-safetensors` when the file is
 *   truncated or malformed in any way (see `parseSafetensors`)
 */
export function readSafetensors(path: string): Safetensors {
  // Tensor by tensor: files may exceed what one buffer can hold, and each array then lies aligned.
  return withHeader(path, (header, read) => tensorsOfHeader(header, read));
}

/**
 * The metadata of a safetensors file, whose tensors are not read.
 *
 * @throws InputError as {@link readSafetensors}
 */
export function readMetadata(path: string): Readonly<Record<string, string>> {
  return withHeader(path, ({ metadata }) => metadata);
}

function withHeader<T>(
  path: string,
  use: (header: Header, read: (begin: number, end: number) => Uint8Array) => T,
): T {
  const size = fileSize(path, what);
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw readError(path, what, error);
  }
  try {
    const length = headerLength(path, readAt(path, file, 0, Math.min(8, size)), size);
    const start = 8 + length;
    const header = parseHeader(path, readAt(path, file, 8, length), size - start);
    return use(header, (begin, end) => readAt(path, file, start + begin, end - begin));
  } finally {
    closeSync(file);
  }
}

function readAt(path: string, file: number, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    let count: number;
    try {
      count = readSync(file, bytes, at, Math.min(length - at, 2 ** 30), position + at);
    } catch (error) {
      throw readError(path, what, error);
    }
    if (count === 0) throw badSafetensors(path, `it ended at byte ${position + at} while being read`);
    at += count;
  }
  return bytes;
}

/**
 * Writes a safetensors file, atomically. The same entries in the same order give the same bytes.
 *
 * @param entries name and tensor, in the order they are to be stored
 * @throws InputError `cannot-write`; JobError `write-failed`; Error on a repeated or reserved name, or where
 *   data and shape disagree
 */
export function writeSafetensors(
  path: string,
  entries: Iterable<readonly [string, Tensor]>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  writeFileAtomic(path, safetensorsChunks(entries, metadata));
}
