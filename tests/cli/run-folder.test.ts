import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
const before = readAll(run);
const weights = join(run, 'weights.safetensors');

/** The contents of a folder by path. */
function readAll(of: string): Record<string, string> {
  const files = tree(of).filter((name) => !name.endsWith('/'));
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(of, name), 'latin1')]));
}
const runJson = (of: string) =>
  JSON.parse(readFileSync(join(of, 'run.json'), 'utf8')) as Record<string, unknown>;
const lossLines = (of: string) =>
  readFileSync(join(of, 'losses.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

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

test('run.json tells what the run is, losses.jsonl how it went', () => {
  expect(runJson(run)).toMatchObject({
    ...{ status: 'finished', model: 'Tiny', section: 'Quick', seed: 5, steps: 3, steps_done: 3 },
    ...{ config: { width: 4, activated: false }, set: { width: '4', activated: 'false' } },
    train: { optimizer: { kind: 'adamw', lr: 0.01 }, steps: 3, batch: 2 },
    data: {
      path: data,
      cases: 4,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      channels: ['R', 'G', 'B'],
    },
    ...{ archc: expect.any(String), node: process.versions.node, adapter: json(trained)['adapter'] },
    seconds: json(trained)['seconds'],
    parts: [{ command: expect.arrayContaining(['train', TINY, '--seed', '5']), from_step: 0, to_step: 3 }],
  });
  const lines = lossLines(run);
  expect(lines.map((line) => line['step'])).toEqual([1, 2, 3]);
  for (const line of lines) {
    expect(Object.keys(line)).toEqual(['step', 'loss', 'learning_rate', 'gradient_norm']);
  }
  expect(lines[2]['loss']).toBe(json(trained)['loss']);
});

test('a finished run that has nothing to do is left as it is', async () => {
  const result = await train('--resume', '--json');
  expect(result.code).toBe(0);
  expect(result.stderr).toMatch(/mine is finished: all 3 steps are done, nothing is trained/);
  expect(readAll(run)).toEqual(before);
  expect(json(result)).toMatchObject({ finished: true, steps: 3, seconds: json(trained)['seconds'] });
});

test('of a run that goes on, seconds add up, and lines beyond the checkpoint are made again', async () => {
  const longer = inFolder('longer');
  cpSync(run, longer, { recursive: true });
  // As a process that was killed after its checkpoint leaves it.
  const torn = '{"step":4,"loss":77,"learning_rate":1,"gradient_norm":1}\n{"step":5,"lo';
  writeFileSync(join(longer, 'losses.jsonl'), before['losses.jsonl'] + torn);
  const result = await archc(
    ...['train', TINY, '--data', data, '--output', longer, ...SET, '--seed', '5', '--steps', '5', '--resume'],
  );
  expect(result.code).toBe(0);
  const lines = lossLines(longer);
  expect(lines.map((line) => line['step'])).toEqual([1, 2, 3, 4, 5]);
  expect(lines[3]['loss']).not.toBe(77);
  const { seconds, parts, status } = runJson(longer) as {
    seconds: number;
    status: string;
    parts: { seconds: number; from_step: number; to_step: number }[];
  };
  expect(status).toBe('finished');
  expect(parts).toMatchObject([
    { from_step: 0, to_step: 3, seconds: runJson(run)['seconds'] },
    { from_step: 3, to_step: 5 },
  ]);
  expect(parts[1].seconds).toBeGreaterThan(0);
  expect(seconds).toBe(parts[0].seconds + parts[1].seconds);
  const metrics = JSON.parse(readFileSync(join(longer, 'metrics.json'), 'utf8')) as { seconds: number };
  expect(metrics.seconds).toBe(seconds);
});

test("a run's folder predicts by itself, wherever it is, and whatever became of the spec", async () => {
  // A spec of two files, one of them above it.
  mkdirSync(inFolder('specs/nets'), { recursive: true });
  writeFileSync(
    inFolder('specs/parts.arch'),
    `import { Conv2d } from "archc/lib/nn.arch"
block Stem(a: int, b: int) {
  inner = Conv2d(a, b, 3, padding: 1)
  forward(x: [B, a, H, W]) -> [B, b, H, W] { inner(x) }
}
`,
  );
  const text = readFileSync(TINY, 'utf8').replace(
    'stem = Conv2d(in_channels, width, 3, padding: 1)',
    'stem = Stem(in_channels, width)',
  );
  writeFileSync(inFolder('specs/nets/two.arch'), `import { Stem } from "../parts.arch"\n${text}`);
  const made = inFolder('two');
  const result = await archc(
    ...[
      'train',
      `${inFolder('specs/nets/two.arch')}:Tiny`,
      '--data',
      data,
      '--output',
      made,
      '--steps',
      '1',
      ...SET,
    ],
  );
  expect(result).toMatchObject({ code: 0 });
  expect(tree(join(made, 'spec'))).toEqual([
    ...['archc/', 'archc/lib/', 'archc/lib/nn.arch'],
    ...['own/', 'own/nets/', 'own/nets/two.arch', 'own/parts.arch', 'sources.json'],
  ]);
  const moved = inFolder('elsewhere');
  renameSync(made, moved);
  rmSync(inFolder('specs'), { recursive: true });
  expect(await predictWith(moved, 'by-folder', '--json')).toMatchObject({ code: 0, stderr: '' });
  expect(tree(inFolder('by-folder'))).toEqual(['e.png', 'f.png']);
  expect(await archc('check', moved)).toMatchObject({ code: 0 });
  const wrong = await predictWith(moved, 'not-made', '--set', 'width=8');
  expectError(wrong, 'config-mismatch', /width: 4 → 8/);
  const compiled = await archc('compile', moved, '--output', inFolder('by-folder-compiled'));
  expect(compiled.code).toBe(0);
});

test('a run predicts as its spec with its weights does', async () => {
  await predictWith(run, 'run-maps');
  await predictWith(TINY, 'spec-maps', '--weights', weights, ...SET);
  expect(readAll(inFolder('run-maps'))).toEqual(readAll(inFolder('spec-maps')));
});

test('folders that cannot predict say why', async () => {
  mkdirSync(inFolder('empty'));
  expectError(await predictWith(inFolder('empty'), 'not-made'), 'not-a-run', /empty is a folder, and not/);
  expectError(await predictWith(run, 'not-made', '--best'), 'no-weights', /no validation/, /try: --weights/);
  expectError(await predictWith(TINY, 'not-made', '--best'), 'not-a-run', /--best is of a run/);
  expectError(await predictWith(TINY, 'not-made'), 'missing-option', /--weights/);
  const both = await predictWith(run, 'not-made', '--best', '--weights', weights);
  expectError(both, 'conflicting-option');
  const killed = inFolder('killed');
  cpSync(run, killed, { recursive: true });
  rmSync(join(killed, 'weights.safetensors'));
  expectError(
    await predictWith(killed, 'not-made'),
    'no-weights',
    /training has not come to an end/,
    /--resume`, or --weights .*checkpoint\.safetensors/,
  );
  const checkpoint = join(killed, 'checkpoint.safetensors');
  expect(await predictWith(killed, 'by-checkpoint', '--weights', checkpoint)).toMatchObject({ code: 0 });
  cpSync(weights, join(killed, 'best.safetensors'));
  expect(await predictWith(killed, 'by-best', '--best')).toMatchObject({ code: 0 });
  expect(readAll(inFolder('by-best'))).toEqual(readAll(inFolder('by-checkpoint')));
  expect(existsSync(inFolder('not-made'))).toBe(false);
});
