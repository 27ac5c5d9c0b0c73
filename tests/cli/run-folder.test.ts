import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readMetadata } from '../../src/tensors/safetensors.ts';
import { archc, expectError, json, temporaryFolder, tree } from './archc.ts';
import { TINY, writeDataset, writeInputs } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const data = writeDataset(inFolder('data'));
const images = join(data, 'imagesTs');

/** Trained with parameters that are not the spec's own. */
const SET = ['--set', 'width=4', '--set', 'activated=false'];
const run = inFolder('mine');
const train = (...more: string[]) =>
  archc('train', TINY, '--data', data, '--output', run, ...SET, '--seed', '5', ...more);
const trained = await train('--steps', '3', '--json');
const weights = join(run, 'weights.safetensors');

const predictWith = (spec: string, output: string, ...more: string[]) =>
  archc('predict', spec, '--input', images, '--output', inFolder(output), ...more);

test('weights carry their model, its parameters and the classes', () => {
  expect(trained.code).toBe(0);
  for (const name of ['weights', 'checkpoint']) {
    const { model, trained_on } = readMetadata(join(run, `${name}.safetensors`));
    expect(JSON.parse(model)).toEqual({
      name: 'Tiny',
      config: { in_channels: 3, classes: 3, size: [16, 16], width: 4, activated: false },
      set: { width: '4', activated: 'false' },
    });
    expect(JSON.parse(trained_on)).toMatchObject({
      classes: [{ name: 'background' }, { name: 'disc' }, { name: 'rim' }],
    });
  }
});

test('predict takes the parameters from the weights; the same ones in --set are as good', async () => {
  const without = await predictWith(TINY, 'without', '--weights', weights, '--json');
  expect(without).toMatchObject({ code: 0, stderr: '' });
  const same = await predictWith(`${TINY}:Tiny`, 'same', '--weights', weights, ...SET);
  expect(same.code).toBe(0);
  expect(tree(inFolder('without'))).toEqual(['e.png', 'f.png']);
  const between = await archc(
    ...['evaluate', '--predictions', inFolder('same'), '--truth', inFolder('without'), '--json'],
  );
  expect(json(between)).toMatchObject({ dsc: { 'all foreground': 1 } });
});

test('parameters that contradict the weights are refused with the list, also where all shapes fit', async () => {
  const set = ['--set', 'activated=true', '--set', 'size=<8, 8>'];
  expectError(
    await predictWith(TINY, 'not-made', '--weights', weights, ...set),
    'config-mismatch',
    /activated: false → true/,
    /size: <16, 16> → <8, 8>/,
  );
});

test('run, fit and compile take them, too', async () => {
  const input = writeInputs(inFolder('x.safetensors'));
  for (const command of [
    ['run', TINY, '--input', input],
    ['fit', TINY, '--input', input, '--steps', '1'],
    ['compile', TINY],
  ]) {
    const rest = ['--weights', weights, '--output', inFolder(`by-${command[0]}`)];
    expect(await archc(...command, ...rest)).toMatchObject({ code: 0, stderr: '' });
    const wrong = await archc(...command, ...rest, '--set', 'activated=true');
    expectError(wrong, 'config-mismatch', /activated: false → true/);
  }
});

test('weights of another model of the file choose that model, or are said to be of another', async () => {
  const narrow = inFolder('narrow');
  await archc('train', `${TINY}:Narrow`, '--data', data, '--output', narrow, '--steps', '1');
  const file = join(narrow, 'weights.safetensors');
  expect(await predictWith(TINY, 'by-narrow', '--weights', file, '--json')).toMatchObject({
    code: 0,
    stderr: '',
  });
  const other = await predictWith(`${TINY}:Tiny`, 'by-tiny', '--weights', file);
  expectError(other, 'weights-mismatch', /says that it is of Narrow; its parameters are not taken over/);
});
