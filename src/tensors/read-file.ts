import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { InputError } from '../errors.ts';

/** The `code` of a Node file system error, such as `ENOENT`; '' for any other value. */
export function fileErrorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Turns what Node throws when opening or reading `path` fails into an {@link InputError}. */
export function readError(path: string, what: string, error: unknown): InputError {
  const code = fileErrorCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new InputError('file-not-found', `${path}: no such file; expected ${what}`, 'check the path');
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new InputError(
      'cannot-read',
      `${path}: no permission to read it; expected ${what}`,
      'a file you may read',
    );
  }
  return new InputError(
    'cannot-read',
    `${path}: cannot be read (${code || String(error)}); expected ${what}`,
    'check the path',
  );
}

/**
 * Size of a regular file in bytes.
 *
 * @param what what the file should be, for the message, e.g. `a PNG image`
 * @throws InputError when there is no such file, or it is a folder or a device
 */
export function fileSize(path: string, what: string): number {
  let stat: ReturnType<typeof statSync>;
  try {
    stat = statSync(path);
  } catch (error) {
    throw readError(path, what, error);
  }
  if (!stat.isFile()) {
    const found = stat.isDirectory() ? 'a folder' : 'not a regular file';
    throw new InputError('not-a-file', `${path}: is ${found}; expected ${what}`, 'give the path of a file');
  }
  return stat.size;
}

/** Whether there is a file that reading comes to an end of: no folder, pipe or device. */
export function isRegularFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** What one file may have for it to be read at once, in bytes. */
const MAX_BYTES = 2 ** 32;

/**
 * The bytes of a whole file; those that it had when reading began.
 *
 * @param what what the file should be, for the message, e.g. `a PNG image`
 * @param most bytes that make sense for it
 * @throws InputError when it is missing, not a regular file or unreadable; `file-too-large`
 */
export function readBytes(path: string, what: string, most = MAX_BYTES): Uint8Array {
  const size = fileSize(path, what);
  if (size > most) {
    throw new InputError(
      'file-too-large',
      `${path}: has ${size} bytes; ${what} may have ${most}`,
      'check that it is the right file',
    );
  }
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = new Uint8Array(size);
      let at = 0;
      // One read call moves at most 2 GiB. Some files of the system never end, whatever their size says.
      for (let n = -1; at < size && n !== 0; at += n)
        n = readSync(file, bytes, at, Math.min(size - at, 2 ** 30), at);
      return at === size ? bytes : bytes.subarray(0, at);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw readError(path, what, error);
  }
}
