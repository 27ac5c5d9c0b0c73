import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../cli/archc.ts';

/** The lines of the README's blocks that are commands, but `npm start` and `npm test`. */
export const commands: readonly string[] = [
  ...readFileSync('README.md', 'utf8').matchAll(/^```(?:sh)?\n(.*?)^```/gms),
]
  .flatMap(([, block]) => block.split('\n'))
  .filter((line) => /^(npx archc|npm run) /.test(line));

/** What git knows of this working tree, or would add, in a folder of its own: without packages and builds. */
export function cloneTo(clone: string): void {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  for (const path of execFileSync('git', list, { encoding: 'utf8' }).split('\0')) {
    if (path !== '') cpSync(path, join(clone, path));
  }
}

/**
 * Runs command lines in order in one clone of this working tree; afterwards `lint` passes and git sees nothing
 * new: what commands write is ignored.
 *
 * @param testImages how many images the clone keeps to predict
 */
export function testInClone(lines: readonly string[], lint: string, testImages = Number.POSITIVE_INFINITY) {
  const clone = join(temporaryFolder(), 'archc');
  const git = (...args: string[]) => execFileSync('git', args, { cwd: clone, encoding: 'utf8' });
  const run = (line: string) => spawnSync(line, { cwd: clone, encoding: 'utf8', shell: true });

  beforeAll(() => {
    cloneTo(clone);
    for (const part of ['imagesTs', 'labelsTs']) {
      const folder = join(clone, 'examples/nuclei/Dataset703_Nuclei', part);
      for (const name of readdirSync(folder).sort().slice(testImages)) rmSync(join(folder, name));
    }
    symlinkSync(resolve('node_modules'), join(clone, 'node_modules'));
    git('init', '--quiet');
    git('add', '--all');
    const author = ['-c', 'user.name=archc', '-c', 'user.email=archc@localhost'];
    git(...author, 'commit', '--quiet', '--message', 'all');
  });

  test.each(lines)('%s', (line) => {
    const { status, stdout, stderr } = run(line);
    expect(status, `${stdout}\n${stderr}`).toBe(0);
    expect(stderr).not.toMatch(/warning/i);
  });

  test(`afterwards ${lint} passes, and git sees nothing new`, () => {
    const { status, stdout, stderr } = run(lint);
    expect(status, `${stdout}\n${stderr}`).toBe(0);
    expect(git('status', '--porcelain')).toBe('');
    // The commands did write something.
    expect(git('status', '--porcelain', '--ignored').split('\n').length).toBeGreaterThan(4);
  });
}
