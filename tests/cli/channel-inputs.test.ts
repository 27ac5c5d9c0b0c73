import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openProgram } from '../../src/runtime/index.ts';
import { readMetadata } from '../../src/tensors/safetensors.ts';
import { compiled } from '../program/compiled.ts';
import { archc, expectError, json, temporaryFolder } from './archc.ts';
import { TINY, writeDataset, writeTinyPlan } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const data = writeDataset(inFolder('data'));

/** The network of TINY, fed by several inputs, which it joins first. */
function spec(name: string, inputs: string, joined: string, setting = ''): string {
  const path = inFolder(`${name}.arch`);
  const text = readFileSync(TINY, 'utf8');
  const own = text
    .slice(0, text.indexOf('train Diverging'))
    .replace('  input image: [B, in_channels, H, W]', inputs)
    .replace('stem(image)', `stem(${joined})`)
    .replace('  batch = 2', `  batch = 2${setting}`);
  writeFileSync(path, own);
  return path;
}

const two = '  input first: [B, 1, H, W]\n  input others: [B, 2, H, W]';
const each = ['r', 'g', 'b'].map((name) => `  input ${name}: [B, 1, H, W]`).join('\n');
const specs = {
  whole: spec('whole', '  input image: [B, in_channels, H, W]', 'image'),
  groups: spec('groups', two, 'concat(first, others, axis: 1)', '\n  inputs = ["R", ["G", "b"]]'),
  names: spec('names', each, 'concat(concat(r, g, axis: 1), b, axis: 1)'),
};

const train = (from: string, output: string, ...more: string[]) =>
  archc(
    ...['train', from, '--data', data, '--output', inFolder(output), '--backend', 'cpu', '--test'],
    ...['--set', 'train.validate=6', '--set', 'train.holdout=["b"]', ...more],
  );
const text = (path: string) => readFileSync(inFolder(path), 'utf8');
const lines = (path: string) =>
  text(path)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { loss?: number; validation?: { loss: number } });

test('inputs that take the channels by a list, or by name, train as one input that takes them all', async () => {
  for (const [name, from] of Object.entries(specs)) {
    const result = await train(from, name);
    expect(result.code, result.stderr).toBe(0);
  }
  const own = lines('whole/losses.jsonl');
  for (const name of ['groups', 'names']) {
    const found = lines(`${name}/losses.jsonl`);
    expect(found.length).toBe(own.length);
    // Joined, the channels are in the same order; kernels may be others, which round otherwise.
    for (const [i, line] of found.entries()) {
      const [a, b] = [line, own[i]].map((one) => one.loss ?? one.validation!.loss);
      expect(Math.abs(a - b)).toBeLessThan(1e-5);
    }
    for (const id of ['e', 'f'])
      expect(readFileSync(inFolder(`${name}/predictions/${id}.png`))).toEqual(
        readFileSync(inFolder(`whole/predictions/${id}.png`)),
      );
  }
  const trainedOn = (name: string) =>
    JSON.parse(readMetadata(inFolder(`${name}/weights.safetensors`))['trained_on']) as object;
  expect(trainedOn('whole')).not.toHaveProperty('inputs');
  expect(trainedOn('groups')).toMatchObject({ inputs: [[0], [1, 2]] });
  expect(trainedOn('names')).toMatchObject({ inputs: [[0], [1], [2]] });
});

test('its weights tell predict what the inputs take, also beside networks with one', async () => {
  const predict = (output: string, ...runs: string[]) =>
    archc(
      ...['predict', ...runs.map(inFolder), '--input', join(data, 'imagesTs'), '--output', inFolder(output)],
      ...['--backend', 'cpu'],
    );
  expect((await predict('maps', 'groups')).code).toBe(0);
  expect((await predict('together', 'groups', 'whole', 'names')).code).toBe(0);
  for (const id of ['e', 'f'])
    for (const maps of ['maps', 'together'])
      expect(readFileSync(inFolder(`${maps}/${id}.png`))).toEqual(
        readFileSync(inFolder(`whole/predictions/${id}.png`)),
      );
});

test('preprocessed cases feed several inputs, with threads or without; a run goes on to the same bytes', async () => {
  const plan = writeTinyPlan(inFolder('plan.json'), data);
  const cache = inFolder('cache');
  expect((await archc('data', 'preprocess', data, '--output', cache, '--plan', plan)).code).toBe(0);
  const run = (from: string, output: string, ...more: string[]) =>
    archc('train', from, '--data', cache, '--output', inFolder(output), '--backend', 'cpu', ...more);
  expect((await run(specs.groups, 'cached', '--workers', '0')).code).toBe(0);
  expect((await run(specs.groups, 'threads', '--workers', '2', '--steps', '5')).code).toBe(0);
  expect((await run(specs.groups, 'threads', '--steps', '12', '--resume')).code).toBe(0);
  expect((await run(specs.whole, 'cached-whole', '--workers', '0')).code).toBe(0);
  const losses = (name: string) => lines(`${name}/losses.jsonl`).map(({ loss }) => loss!);
  for (const [i, loss] of losses('cached').entries())
    expect(Math.abs(loss - losses('cached-whole')[i])).toBeLessThan(1e-5);
  // The shorter schedule ends lower, so only what came before its end is the same.
  expect(losses('threads').slice(0, 1)).toEqual(losses('cached').slice(0, 1));
  const again = await run(specs.groups, 'cached', '--resume', '--set', 'train.inputs=["G",["R","B"]]');
  expectError(again, 'checkpoint-mismatch', /train\.inputs/);
});

test('an order of its own, and channels that no input takes', async () => {
  const swapped = ['--set', 'train.inputs=["B", ["R", "G"]]', '--set', 'train.augment=flips'];
  const other = await train(specs.groups, 'swapped', ...swapped);
  expect(other.code, other.stderr).toBe(0);
  expect(lines('swapped/losses.jsonl')[0].loss).not.toBe(lines('groups/losses.jsonl')[0].loss);
  const one = await train(
    specs.whole,
    'one',
    '--set',
    'in_channels=1',
    '--set',
    'train.inputs=["G"]',
    '--json',
  );
  expect(one.code, one.stderr).toBe(0);
  expect(json(one)).toMatchObject({ remarks: ['no input takes R, B'] });
});

test('a program of such weights says that it does not segment images by itself', async () => {
  const files = await compiled(inFolder('program'), inFolder('groups'), '--target', 'cpu', '--inference');
  const program = await openProgram(files);
  const image = { data: new Float32Array(768), shape: [16, 16] } as const;
  expect(() => program.preprocess(image)).toThrow(/takes first \[/);
});

test('what does not fit is told at the setting, with what would', async () => {
  const bad = (from: string, ...more: string[]) => train(from, 'bad', ...more);
  const set = (value: string) => ['--set', `train.inputs=${value}`];
  const unsaid = spec('unsaid', two, 'concat(first, others, axis: 1)');
  expectError(
    await bad(unsaid),
    'many-inputs',
    /Tiny has 2 inputs, `first` of 1 channel\(s\), `others` of 2 channel\(s\)/,
    /inputs = \["R", \["G", "B"\]\]/,
  );
  const wrong: [string, string, RegExp, RegExp][] = [
    [
      'a channel that there is not',
      '["R", ["G", "blu"]]',
      /names `blu`, which is no channel/,
      /channels are R, G, B/,
    ],
    ['one input too few', '[["R", "G"]]', /has 1 entries, Tiny has 2 inputs/, /one an input/],
    [
      'a channel too many',
      '[["R", "G"], ["B"]]',
      /gives `first` 2 channel\(s\), which takes 1/,
      /order of the spec/,
    ],
  ];
  for (const [what, value, ...texts] of wrong) {
    const result = await bad(specs.groups, ...set(value));
    expect(result.stderr, what).toMatch(/error\[bad-inputs\]: /);
    for (const part of texts) expect(result.stderr, what).toMatch(part);
    expect(result.code).toBe(2);
  }
  const at = await bad(spec('at', two, 'concat(first, others, axis: 1)', '\n  inputs = ["R", ["G", "x"]]'));
  expectError(at, 'bad-inputs', /at\.arch:\d+:\d+: `inputs` names `x`/);
  expectError(await bad(specs.groups, ...set('["R", 3]')), 'wrong-type', /an entry of `inputs`/);
  const weightless = await archc(
    ...['predict', unsaid, '--weights', inFolder('whole/weights.safetensors')],
    ...['--input', join(data, 'imagesTs'), '--output', inFolder('none'), '--backend', 'cpu'],
  );
  expect(weightless.code).toBe(2);
});
