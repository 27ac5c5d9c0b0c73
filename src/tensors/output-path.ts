import { accessSync, constants, existsSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { InputError } from '../errors.ts';
import { fileErrorCode } from './read-file.ts';

/**
 * Checks before a job that its result can be written afterwards: `path` is no folder, and the nearest folder
 * above it that exists may be written to. Nothing is made.
 *
 * @throws InputError `cannot-write`
 */
export function checkWritable(path: string): void {
  const file = resolve(path);
  if (existsSync(file) && statSync(file).isDirectory()) {
    throw cannotWrite(
      path,
      'it is a folder',
      `name a file, e.g. ${path.replace(/\/*$/, '')}/${basename(file)}.safetensors`,
    );
  }
  checkParent(path, file);
}

/** The same for a folder that is still to be made, or there already. */
export function checkFolderWritable(path: string, wanted = path): void {
  const folder = resolve(path);
  if (!existsSync(folder)) checkParent(wanted, folder);
  else if (!statSync(folder).isDirectory())
    throw cannotWrite(wanted, wanted === path ? 'it is a file' : `${folder} is a file`, 'name a folder');
  else checkPermission(wanted, folder);
}

function checkParent(path: string, file: string): void {
  let folder = dirname(file);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  if (!statSync(folder).isDirectory()) {
    throw cannotWrite(path, `${folder} is a file, not a folder`, 'name a path in a folder');
  }
  checkPermission(path, folder);
}

function checkPermission(path: string, folder: string): void {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch {
    throw cannotWrite(path, `no permission to write in ${folder}`, 'name a folder you may write to');
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
