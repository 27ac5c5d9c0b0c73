import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
  unlinkSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { threadId } from 'node:worker_threads';
import { InputError } from '../errors.ts';
import { fileErrorCode } from './read-file.ts';

/** What file systems allow a name to have, in bytes. */
const MAX_NAME = 255;

/** Threads of a process write beside each other: each counts from a number of its own. */
let serial = threadId * 2 ** 32;

/** A name beside which nothing stands, for what is to be renamed once it is whole. Short, whatever that is called. */
export function temporaryName(): string {
  return `.archc-${process.pid}-${serial++}.tmp`;
}

/** Removes from a folder, and those in it, what processes left under a temporary name that were killed while they wrote. */
export function removeTemporary(folder: string): void {
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const [, pid] = /^\.archc-(\d+)-\d+\.tmp$/.exec(basename(path)) ?? [];
    if (pid === undefined || isRunning(Number(pid))) continue;
    rmSync(join(folder, path), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's may not be signalled, but is there.
    return fileErrorCode(error) !== 'ESRCH';
  }
}

/**
 * Checks before a job that its result can be written afterwards: `path` is no folder and no device, and the nearest
 * folder above it that exists takes new files. Nothing remains of the check.
 *
 * @throws InputError `cannot-write`
 */
export function checkWritable(path: string): void {
  probe(path, dirname(destination(path)));
}

/**
 * Where a file of this name is to be written: what a symbolic link points to, else the path itself.
 *
 * @throws InputError `cannot-write` where it cannot be a file: a folder, a device, a link to nothing
 */
export function destination(path: string): string {
  const file = checkName(path);
  const found = entry(path, file);
  if (found?.isDirectory()) {
    throw cannotWrite(path, 'it is a folder', `name a file in it, e.g. ${join(path, 'result')}`);
  }
  if (found && !found.isFile())
    throw cannotWrite(path, 'it is a device or a pipe', 'name a file in a folder');
  return found ? realpathSync(file) : file;
}

/** The same as {@link checkWritable} for a folder that is still to be made, or there already. */
export function checkFolderWritable(path: string, wanted = path): void {
  const folder = checkName(path, wanted);
  const found = entry(wanted, folder);
  if (found && !found.isDirectory())
    throw cannotWrite(wanted, wanted === path ? 'it is a file' : `${folder} is a file`, 'name a folder');
  probe(wanted, folder);
}

/** The absolute path, if every name in it is one. */
function checkName(path: string, wanted = path): string {
  if (path.trim() === '') throw cannotWrite(JSON.stringify(wanted), 'the name is empty', 'name a path');
  if (path.includes('\0'))
    throw cannotWrite(JSON.stringify(wanted), 'a name has no NUL character', 'leave it out');
  const file = resolve(path);
  const long = file.split(/[\\/]/).find((name) => Buffer.byteLength(name) > MAX_NAME);
  if (long !== undefined) {
    throw cannotWrite(
      `${wanted.slice(0, 80)}…`,
      `a name of ${Buffer.byteLength(long)} bytes is longer than ${MAX_NAME}`,
      'a shorter name',
    );
  }
  return file;
}

/** What stands at a path, `undefined` where nothing does. A link stands for what it points to. */
function entry(wanted: string, path: string): Stats | undefined {
  try {
    const link = lstatSync(path, { throwIfNoEntry: false });
    if (!link?.isSymbolicLink()) return link;
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) throw cannotWrite(wanted, `${path} is a link to nothing`, 'remove it, or name another path');
    return found;
  } catch (error) {
    const code = fileErrorCode(error);
    // A file stands where a folder should: the parent tells.
    if (code === 'ENOTDIR') return undefined;
    throw error instanceof InputError
      ? error
      : cannotWrite(wanted, code || String(error), 'name another path');
  }
}

/** Makes a file, and removes it, in a folder or the nearest above it that exists; where those are to be made, a folder. */
function probe(wanted: string, path: string): void {
  let folder = path;
  while (!existsSync(folder) && dirname(folder) !== folder) {
    entry(wanted, folder);
    folder = dirname(folder);
  }
  if (!statSync(folder).isDirectory())
    throw cannotWrite(wanted, `${folder} is a file, not a folder`, 'name a path in a folder');
  const hint = 'name a path in a folder you may write to';
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch {
    throw cannotWrite(wanted, `no permission to write in ${folder}`, hint);
  }
  // Permissions are not all: some file systems (/proc, read-only ones) take nothing new from anybody.
  const trial = join(folder, temporaryName());
  try {
    if (folder === path) {
      closeSync(openSync(trial, 'wx'));
      unlinkSync(trial);
    } else {
      mkdirSync(trial);
      rmdirSync(trial);
    }
  } catch (error) {
    throw cannotWrite(wanted, `${folder} takes nothing new (${fileErrorCode(error) || String(error)})`, hint);
  }
}

function cannotWrite(path: string, reason: string, hint: string): InputError {
  return new InputError('cannot-write', `${path}: cannot be written, ${reason}`, hint);
}

/**
 * Makes a folder and those above it that are missing. Gives back what undoes that: it removes those made which
 * are still empty.
 *
 * @param wanted what the message names: the file that the folder is for
 * @throws InputError `cannot-write`
 */
export function makeFolder(path: string, wanted = path): () => void {
  checkFolderWritable(path, wanted);
  const made: string[] = [];
  const undo = () => {
    try {
      for (const folder of made.reverse()) rmdirSync(folder);
    } catch {
      // Not empty: something was written that is to be kept.
    }
  };
  // One by one: mkdir's own `recursive` never ends where the file system refuses new folders (as /proc does).
  const missing: string[] = [];
  for (let folder = resolve(path); !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  try {
    for (const folder of missing) {
      mkdirSync(folder);
      made.push(folder);
    }
  } catch (error) {
    undo();
    throw cannotWrite(wanted, fileErrorCode(error) || String(error), 'name a folder you may write to');
  }
  return undo;
}
