import { closeSync, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { InputError, JobError } from '../errors.ts';
import { destination, makeFolder, temporaryName } from './output-path.ts';
import { fileErrorCode } from './read-file.ts';

/** There is no room: on the disk, in the user's quota, below the limit of a file's size. */
const noRoom = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
/** Failures of the machine; all others another path or other permissions would cure. */
const jobErrors = new Set(['EIO', 'EMFILE', 'ENFILE', 'ENOMEM']);

/** What Node throws when writing `path` fails, as an error with what to do; anything else as it is. */
export function writeError(path: string, error: unknown): unknown {
  const code = fileErrorCode(error);
  if (code === '' || error instanceof InputError || error instanceof JobError) return error;
  if (noRoom.has(code))
    return new InputError(
      'disk-full',
      `${path}: cannot be written, no room is left (${code})`,
      'free some space, or name a place on another disk',
    );
  return jobErrors.has(code)
    ? new JobError('write-failed', `${path}: writing failed (${code})`, 'check the disk')
    : new InputError(
        'cannot-write',
        `${path}: cannot be written (${code})`,
        'name a file in a folder you may write to',
      );
}

/**
 * Writes a file so that a reader, or a crash, never meets half of it: into a temporary file in the same
 * folder, flushed to disk, then renamed over `path`. Missing folders are made; a symbolic link stays, and
 * what it points to is replaced. On failure the temporary file is removed and what stood at `path` stays.
 *
 * @param content text (written as UTF-8), bytes, or a sequence of byte chunks
 * @throws InputError `cannot-write` when the path cannot be written, `disk-full`; JobError `write-failed` otherwise
 */
export function writeFileAtomic(path: string, content: string | Uint8Array | Iterable<Uint8Array>): void {
  const target = destination(path);
  const folder = dirname(target);
  const temporary = join(folder, temporaryName());
  const undo = makeFolder(folder, path);
  try {
    writeAndFlush(temporary, chunksOf(content));
    renameSync(temporary, target);
    flushFolder(folder);
  } catch (error) {
    discard(temporary);
    undo();
    throw writeError(path, error);
  }
}

function chunksOf(content: string | Uint8Array | Iterable<Uint8Array>): Iterable<Uint8Array> {
  if (typeof content === 'string') return [new TextEncoder().encode(content)];
  return content instanceof Uint8Array ? [content] : content;
}

function writeAndFlush(path: string, chunks: Iterable<Uint8Array>): void {
  const file = openSync(path, 'wx');
  try {
    for (const chunk of chunks) {
      // One write call moves at most 2 GiB, and may move less than it was given.
      for (let at = 0; at < chunk.length; ) {
        at += writeSync(file, chunk, at, Math.min(chunk.length - at, 2 ** 30));
      }
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function discard(temporary: string): void {
  try {
    unlinkSync(temporary);
  } catch {
    // It was never made, or goes the way of the failure that led here, which is the one to report.
  }
}

/** Makes the rename itself durable. Windows has no such call for folders and orders it by itself. */
function flushFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
