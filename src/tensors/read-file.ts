import { readFileSync, statSync } from 'node:fs';
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
    return new InputError('cannot-read', `${path}: no permission to read it; expected ${what}`);
  }
  return new InputError(
    'cannot-read',
    `${path}: cannot be read (${code || String(error)}); expected ${what}`,
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

/**
 * The bytes of a whole file.
 *
 * @param what what the file should be, for the message, e.g. `a PNG image`
 * @throws InputError when it is missing, not a regular file or unreadable
 */
export function readBytes(path: string, what: string): Uint8Array {
  fileSize(path, what);
  try {
    return readFileSync(path);
  } catch (error) {
    throw readError(path, what, error);
  }
}
