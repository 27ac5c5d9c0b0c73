import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../errors.ts';

/**
 * Where a run goes. Without `--output` it is `runs/<name>`, or `runs/<name>-2`, … where that exists: no run replaces
 * another. With `--resume` it is the newest of them.
 */
export function runFolder(name: string, output: string | undefined, resume: boolean): string {
  if (!/^[\w-][\w.-]*$/.test(name)) {
    throw new InputError(
      'bad-value',
      `--name is '${name}'`,
      'letters, digits, . and -, or --output for a path',
    );
  }
  if (output !== undefined) {
    if (!resume && existsSync(join(output, 'checkpoint.safetensors'))) {
      throw new InputError(
        'run-exists',
        `${output} holds a run`,
        '--resume to go on with it, or another --output',
      );
    }
    return output;
  }
  const folder = (n: number) => join('runs', n === 1 ? name : `${name}-${n}`);
  let next = 1;
  while (existsSync(folder(next))) next++;
  if (!resume) return folder(next);
  if (next === 1)
    throw new InputError('no-checkpoint', `${folder(1)} does not exist`, 'start without --resume');
  return folder(next - 1);
}
