import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { InputError } from '../errors.ts';
import { checkFolderWritable, makeFolder, removeTemporary } from '../tensors/output-path.ts';
import { fileErrorCode } from '../tensors/read-file.ts';
import { lockRun } from './run-lock.ts';

/** Which folder a run goes to. */
export interface RunPlace {
  /** Of the run: without `output` it goes to `runs/<name>`, or `runs/<name>-2`, … where that exists. */
  readonly name: string;
  readonly output: string | undefined;
  /** Goes on with the run that is there: in `output`, else in the newest folder of that name. */
  readonly resume: boolean;
}

const CHECKPOINT = 'checkpoint.safetensors';

const numbered = (name: string, n: number) => join('runs', n === 1 ? name : `${name}-${n}`);

/**
 * What can be said against a place before data are read; nothing is made.
 *
 * @throws InputError `bad-value`, `run-exists`: no run replaces another, `no-checkpoint`, `cannot-write`
 */
export function checkRunPlace({ name, output, resume }: RunPlace): void {
  if (!/^[\w-][\w.-]*$/.test(name)) {
    throw new InputError(
      'bad-value',
      `--name is '${name}'`,
      'letters, digits, . and -, or --output for a path',
    );
  }
  if (output === undefined) {
    if (resume) newest(name);
    return;
  }
  checkFolderWritable(output);
  checkCheckpoint(output, resume);
}

/** The newest run of that name. */
function newest(name: string): string {
  let next = 1;
  while (existsSync(numbered(name, next))) next++;
  if (next > 1) return numbered(name, next - 1);
  throw new InputError('no-checkpoint', `${numbered(name, 1)} does not exist`, 'start without --resume');
}

function checkCheckpoint(folder: string, resume: boolean): void {
  const checkpoint = join(folder, CHECKPOINT);
  if (resume && !existsSync(checkpoint))
    throw new InputError('no-checkpoint', `${checkpoint} does not exist`, 'start the run without --resume');
  if (!resume && existsSync(checkpoint)) {
    throw new InputError(
      'run-exists',
      `${folder} holds a run`,
      '--resume to go on with it, or another --output',
    );
  }
}

/** A run's folder, which belongs to this process until it is released. */
export class RunFolder {
  readonly path: string;
  private readonly unlock: () => void;
  private readonly undo: () => void;

  private constructor(path: string, undo: () => void, remark: (text: string) => void) {
    this.path = path;
    this.undo = undo;
    try {
      this.unlock = lockRun(path, remark);
    } catch (error) {
      undo();
      throw error;
    }
  }

  /**
   * Takes a folder. Processes that start at once get different ones, or are refused.
   *
   * @param remark told that a lock was left by a process that is gone
   * @throws InputError `run-in-use` and as {@link checkRunPlace}
   */
  static claim(place: RunPlace, remark: (text: string) => void): RunFolder {
    checkRunPlace(place);
    const { name, output, resume } = place;
    const given = output ?? (resume ? newest(name) : undefined);
    if (given === undefined) return RunFolder.next(name, remark);
    const folder = new RunFolder(given, resume ? () => {} : makeFolder(given), remark);
    try {
      // Once more: another process may have come and gone since.
      checkCheckpoint(given, resume);
      // Nobody else writes here: what is half written was left by a process that was killed.
      removeTemporary(given);
    } catch (error) {
      folder.release();
      throw error;
    }
    return folder;
  }

  /** A folder of the next free number. Making it is what takes it. */
  private static next(name: string, remark: (text: string) => void): RunFolder {
    const undoParent = makeFolder('runs');
    for (let n = 1; ; n++) {
      const path = numbered(name, n);
      if (existsSync(path)) continue;
      try {
        mkdirSync(path);
      } catch (error) {
        if (fileErrorCode(error) === 'EEXIST') continue;
        undoParent();
        throw new InputError(
          'cannot-write',
          `${path}: cannot be written, ${fileErrorCode(error) || String(error)}`,
          'name a folder you may write to with --output',
        );
      }
      const undo = () => {
        rmSync(path, { recursive: true, force: true });
        undoParent();
      };
      return new RunFolder(path, undo, remark);
    }
  }

  file(name: string): string {
    return join(this.path, name);
  }

  get checkpoint(): string {
    return this.file(CHECKPOINT);
  }

  /** Lets others use it. */
  release(): void {
    this.unlock();
  }

  /**
   * After a failure: a folder without a checkpoint is of no use, so `written` (files and folders of the run) and, if
   * they were made for it, the folder and those above it go.
   */
  abandon(written: readonly string[]): void {
    const keep = existsSync(this.checkpoint);
    if (!keep) for (const name of written) this.remove(name);
    this.unlock();
    if (!keep) this.undo();
  }

  /** Removes a file or folder, and the folder below this one that held it where that is empty now. */
  private remove(name: string): void {
    rmSync(this.file(name), { recursive: true, force: true });
    const above = dirname(name);
    if (above !== '.' && existsSync(this.file(above)) && readdirSync(this.file(above)).length === 0)
      rmSync(this.file(above), { recursive: true });
  }
}
