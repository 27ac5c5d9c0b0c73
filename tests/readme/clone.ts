import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync } from 'node:fs';
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
 */
export function testInClone(lines: readonly string[], lint: string) {
  const clone = join(temporaryFolder(), 'archc');
  const git = (...args: string[]) => execFileSync('git', args, { cwd: clone, encoding: 'utf8' });
  const run = (line: string) => spawnSync(line, { cwd: clone, encoding: 'utf8', shell: true });

  beforeAll(() => {
    cloneTo(clone);
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
