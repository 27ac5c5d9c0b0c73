import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeTemporary } from '../../src/tensors/output-path.ts';
import { archc, expectError, temporaryFolder, tree } from './archc.ts';
import { withLimit } from './limit.ts';
import { TINY, writeImage, writeWeights } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const weights = writeWeights(inFolder('weights.safetensors'));
const args = (input: string, output: string) => [
  ...['predict', TINY, '--weights', weights, '--input', inFolder(input), '--output', inFolder(output)],
  ...['--backend', 'cpu'],
];

test('a run that is killed among many images leaves whole label maps alone', async () => {
  for (let i = 0; i < 60; i++) writeImage(inFolder(`many/case${100 + i}_0000.png`), 60 + i, 50, i);
  expect((await archc(...args('many', 'whole'))).code).toBe(0);
  const child = spawn(process.execPath, ['bin/archc.mjs', ...args('many', 'killed')], { stdio: 'ignore' });
  const ended = new Promise((done) => child.on('close', done));
  const maps = () => (existsSync(inFolder('killed')) ? readdirSync(inFolder('killed')) : []);
  while (maps().filter((name) => name.endsWith('.png')).length < 3 && child.exitCode === null)
    await new Promise((done) => setTimeout(done, 1));
  child.kill('SIGKILL');
  await ended;
  // What was begun under a temporary name.
  removeTemporary(inFolder('killed'));
  const left = maps().sort();
  expect(left.length).toBeGreaterThanOrEqual(3);
  // The first ones, in order.
  expect(left).toEqual(tree(inFolder('whole')).slice(0, left.length));
  for (const name of left)
    expect(readFileSync(inFolder(`killed/${name}`)).equals(readFileSync(inFolder(`whole/${name}`)))).toBe(
      true,
    );
});

test('where no room is left, the label maps before are there and whole', async () => {
  writeImage(inFolder('some/a_0000.png'), 9, 9, 0);
  writeImage(inFolder('some/b_0000.png'), 12, 12, 1);
  writeImage(inFolder('some/c_0000.png'), 300, 300, 2);
  writeImage(inFolder('some/d_0000.png'), 9, 9, 3);
  expect((await archc(...args('some', 'all'))).code).toBe(0);
  expect(readFileSync(inFolder('all/c.png')).length).toBeGreaterThan(1024);
  // The limit is not for the build of the sources, which comes first.
  expect(spawnSync(process.execPath, ['bin/archc.mjs', '--version']).status).toBe(0);
  const result = withLimit(1024, args('some', 'stopped'));
  expectError(result, 'disk-full', /stopped\/c\.png: cannot be written, no room is left \(EFBIG\)/);
  expect(tree(inFolder('stopped'))).toEqual(['a.png', 'b.png']);
  for (const name of ['a.png', 'b.png'])
    expect(readFileSync(inFolder(`stopped/${name}`)).equals(readFileSync(inFolder(`all/${name}`)))).toBe(
      true,
    );
});
