import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { fileSize, readError } from '../tensors/read-file.ts';
import { besideImage } from './image.ts';

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

/** A file of a data set, and what it means there. */
export interface NamedFile {
  readonly name: string;
  readonly path: string;
}

/** Images and, after each, what lies beside it and says how it is to be read. */
export function withBeside(images: readonly NamedFile[]): NamedFile[] {
  return images.flatMap((file) => {
    const beside = besideImage(file.path);
    return beside === undefined ? [file] : [file, { name: `${file.name} spacing`, path: beside }];
  });
}

/**
 * SHA-256 over the names and contents of files, in the order given. A data set has the same one wherever it lies and
 * whenever it was copied: `name` is what a file means in it (a case's id and channel), not where it is.
 */
export function fingerprint(files: Iterable<NamedFile>): string {
  const hash = createHash('sha256');
  for (const { name, path } of files) hash.update(`${JSON.stringify(name)} ${fileHash(path)}\n`);
  return hash.digest('hex');
}
