import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { archc, expectError, temporaryFolder, tree } from './archc.ts';
import { withLimit } from './limit.ts';
import { TINY, writeDataset } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const data = writeDataset(inFolder('data'));
const train = (output: string, ...more: string[]) => [
  ...['train', TINY, '--data', data, '--output', inFolder(output), '--backend', 'cpu'],
  ...['--steps', '120', '--checkpoint-every', '10', ...more],
];

test('a run for which there is no room any more keeps its last checkpoint, and goes on from it to the same bytes', async () => {
  // The limit is not for the build of the sources, which comes first.
  expect(spawnSync(process.execPath, ['bin/archc.mjs', '--version']).status).toBe(0);
  const stopped = withLimit(10 * 1024, train('stopped'));
  expectError(stopped, 'disk-full', /stopped\/[\w.]+: cannot be written, no room is left \(EFBIG\)/);
  const step = JSON.parse(readFileSync(inFolder('stopped/run.json'), 'utf8')) as { steps_done: number };
  expect(step.steps_done).toBeGreaterThanOrEqual(10);
  expect(step.steps_done).toBeLessThan(120);
  expect(tree(inFolder('stopped')).filter((name) => name.includes('.tmp'))).toEqual([]);

  const resumed = await archc(...train('stopped', '--resume'));
  expect(resumed.code, resumed.stderr).toBe(0);
  const whole = await archc(...train('whole'));
  expect(whole.code, whole.stderr).toBe(0);
  for (const name of ['weights.safetensors', 'checkpoint.safetensors', 'losses.jsonl'])
    expect(readFileSync(inFolder(`stopped/${name}`)).equals(readFileSync(inFolder(`whole/${name}`)))).toBe(
      true,
    );
});

test('a run for which there is no room at the start leaves nothing', () => {
  const result = withLimit(512, train('none'));
  expectError(result, 'disk-full', /none\/[\w./]+: cannot be written/);
  expect(existsSync(inFolder('none'))).toBe(false);
});
