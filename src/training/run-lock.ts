import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../errors.ts';
import { fileErrorCode, readError } from '../tensors/read-file.ts';

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
}

/**
 * Marks a run's folder as this process's, by `run.lock` in it. One left by a process of this machine that is gone is
 * taken over.
 *
 * @param remark told of a lock that was taken over
 * @returns what gives the folder free again
 * @throws InputError `run-in-use` where another process holds it, or one of another machine may
 */
export function lockRun(folder: string, remark: (text: string) => void): () => void {
  const path = join(folder, 'run.lock');
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), since: new Date().toISOString() });
  for (;;) {
    try {
      writeFileSync(path, `${mine}\n`, { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (fileErrorCode(error) !== 'EEXIST') {
        throw new InputError(
          'cannot-write',
          `${path}: cannot be written, ${fileErrorCode(error) || String(error)}`,
          'name a folder you may write to',
        );
      }
    }
    const text = readLock(path);
    if (text === undefined) continue;
    const holder = parse(text);
    if (holder === undefined || holder.host !== hostname() || isAlive(holder.pid)) {
      throw inUse(folder, path, holder);
    }
    if (removeStale(path, text))
      remark(`${path} was left by process ${holder.pid}, which is gone; this run takes over`);
  }
}

/** `undefined` where it is gone by now. */
function readLock(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (fileErrorCode(error) === 'ENOENT') return undefined;
    throw readError(path, 'the lock of a run', error);
  }
}

/** Moves a lock away; where that was another's by then, it is put back. Gives whether it was the one meant. */
function removeStale(path: string, text: string): boolean {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return false;
  }
  const meant = readLock(aside) === text;
  try {
    if (!meant) linkSync(aside, path);
  } finally {
    rmSync(aside, { force: true });
  }
  return meant;
}

function parse(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Holder;
    return Number.isSafeInteger(holder.pid) && typeof holder.host === 'string' ? holder : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and another user's.
    return fileErrorCode(error) !== 'ESRCH';
  }
}

function inUse(folder: string, path: string, holder: Holder | undefined): InputError {
  const who = holder
    ? `process ${holder.pid} on ${holder.host} trains in it since ${holder.since}`
    : `${path} says that a process trains in it`;
  return new InputError(
    'run-in-use',
    `${folder} is in use: ${who}`,
    `wait until it ends, or take another --output; if there is no such process, remove ${path}`,
  );
}
