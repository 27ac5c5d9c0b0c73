import { join } from 'node:path';
import { expect, test } from 'vitest';
import { archc, temporaryFolder } from '../cli/archc.ts';
import { commands } from './clone.ts';

test('the README shows how each thing is done', () => {
  for (const name of ['check', 'explain', 'params', 'emit', 'train', 'predict', 'evaluate', 'compile']) {
    expect(commands.some((line) => line.startsWith(`npx archc ${name} `))).toBe(true);
  }
});

const folder = temporaryFolder();

const calls = commands
  // The networks' fixtures have tests of their own.
  .filter((line) => line.startsWith('npx archc '))
  .map((line) => line.split(' ').slice(2));
/** Training takes long, and the next two read what it wrote: in the full run alone; on small data see tests/cli. */
const quick = calls.filter(([command]) => !['train', 'predict', 'evaluate'].includes(command));
/** What is written, and then read again. */
const written = calls.flatMap((words) => words.filter((_, i) => words[i - 1] === '--output'));

// The same commands, in this process and on the CPU device; as they stand, and in a clone, they run in
// `npm run test:full`.
test.each(quick.map((words) => [words.join(' '), words] as const))('archc %s', async (_, words) => {
  const args = words.map((word) => (written.includes(word) ? join(folder, word) : word));
  const small = words[0] === 'compile' ? ['--set', 'features=<8, 16>'] : [];
  const { code, stderr } = await archc(...args, ...small);
  expect(code, stderr).toBe(0);
  expect(stderr).not.toMatch(/warning/i);
});
