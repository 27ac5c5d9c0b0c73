import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { fileSize, readError } from '../tensors/read-file.ts';

const what = 'a file of the data set';

/** SHA-256 of a file's bytes, in hexadecimal. Throws InputError where it cannot be read. */
export function fileHash(path: string, expected = what): string {
  const hash = createHash('sha256');
  const chunk = new Uint8Array(Math.min(fileSize(path, expected) + 1, 2 ** 20));
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    for (let n = readSync(file, chunk); n > 0; n = readSync(file, chunk)) hash.update(chunk.subarray(0, n));
  } catch (error) {
    throw readError(path, expected, error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
  return hash.digest('hex');
}

/**
 * SHA-256 over the names and contents of files, in the order given. A data set has the same one wherever it lies and
 * whenever it was copied: `name` is what a file means in it (a case's id and channel), not where it is.
 */
export function fingerprint(files: Iterable<{ readonly name: string; readonly path: string }>): string {
  const hash = createHash('sha256');
  for (const { name, path } of files) hash.update(`${JSON.stringify(name)} ${fileHash(path)}\n`);
  return hash.digest('hex');
}
