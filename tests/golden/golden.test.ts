import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';

const spec = fileURLToPath(new URL('tiny.arch', import.meta.url));

async function emitted(...args: string[]): Promise<string> {
  let text = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    expect(await main(['emit', ...args])).toBe(0);
  } finally {
    write.mockRestore();
  }
  return text;
}

/**
 * What the compiler makes of a small spec, stage by stage, to be read in diffs. After an intended change:
 * `npx vitest run tests/golden -u`.
 */
describe('golden files', () => {
  test.each([
    ['graph', []],
    ['plan', []],
    ['wgsl', []],
    ['graph', ['--train', '--batch', '2']],
    ['plan', ['--train', '--batch', '2']],
  ])('%s %j', async (stage, more) => {
    const name = `${stage}${more.length > 0 ? '-train' : ''}.txt`;
    await expect(await emitted(stage, spec, ...more)).toMatchFileSnapshot(`expected/${name}`);
  });
});
