import { spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Plan } from '../../src/data/planning/plan.ts';
import { readMetadata } from '../../src/tensors/safetensors.ts';
import type { ProfileReport } from '../../src/training/profile.ts';
import { archc, expectError, json, temporaryFolder } from './archc.ts';
import { TINY, writeDataset, writeTinyPlan } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const data = writeDataset(inFolder('data'));
const plan = writeTinyPlan(inFolder('plan.json'), data);

async function cacheOf(name: string, planFile = plan): Promise<string> {
  const { code, stderr } = await archc(
    ...['data', 'preprocess', data, '--output', inFolder(name), '--plan', planFile],
  );
  expect(code, stderr).toBe(0);
  return inFolder(name);
}

const cache = await cacheOf('cache');

const set = (settings: Readonly<Record<string, string>>) =>
  Object.entries(settings).flatMap(([key, value]) => ['--set', `train.${key}=${value}`]);
/** A third of each batch shows foreground. */
const train = (output: string, ...more: string[]) =>
  archc(
    ...['train', TINY, '--data', cache, '--output', inFolder(output), '--backend', 'cpu'],
    ...set({ foreground: '0.33', batch: '3' }),
    ...more,
  );
const bytesOf = (run: string, name = 'weights.safetensors') => readFileSync(inFolder(`${run}/${name}`));
const runOf = (run: string) => JSON.parse(readFileSync(inFolder(`${run}/run.json`), 'utf8')) as object;

test('a run on preprocessed cases: its weights say how they were made, and no remark is made of raw data', async () => {
  const result = await train('whole', '--json', ...set({ validate: '6', holdout: '["b"]' }));
  expect(result.code, result.stderr).toBe(0);
  const report = json(result);
  expect(report).toMatchObject({ finished: true, steps: 12, remarks: [] });
  expect(report['validation']).toMatchObject({ held_back: ['b'], validations: [{ step: 6 }, { step: 12 }] });
  const { channels, classes, transpose_forward, normalisation, plan_2d } = JSON.parse(
    readFileSync(plan, 'utf8'),
  ) as Plan;
  expect(JSON.parse(readMetadata(inFolder('whole/weights.safetensors'))['trained_on'])).toEqual({
    ...{ channels, classes },
    plan: { transpose_forward, normalisation, plan_2d: { spacing: plan_2d.spacing } },
  });
  expect(runOf('whole')).toMatchObject({ status: 'finished', data: { path: cache, cases: 3 } });
  // The run predicts raw images by that plan.
  const predicted = await archc(
    ...['predict', inFolder('whole'), '--input', join(data, 'imagesTs'), '--output', inFolder('predicted')],
    ...['--backend', 'cpu'],
  );
  expect(predicted.code, predicted.stderr).toBe(0);
});

test('batches are the same whoever makes them', async () => {
  const runs = ['none', 'one', 'two'];
  for (const [workers, run] of runs.entries()) {
    const { code, stderr } = await train(run, '--workers', String(workers));
    expect(code, stderr).toBe(0);
  }
  for (const run of runs.slice(1)) {
    expect(bytesOf(run)).toEqual(bytesOf('none'));
    expect(bytesOf(run, 'losses.jsonl')).toEqual(bytesOf('none', 'losses.jsonl'));
  }
  expect((await train('seed', '--seed', '5')).code).toBe(0);
  expect(bytesOf('seed')).not.toEqual(bytesOf('none'));
});

test('a run that Ctrl-C stopped goes on to the same bytes, and leaves no thread behind', async () => {
  // More steps than fit between the first checkpoint and the signal.
  const more = ['--steps', '250', ...set({ accumulate: '2' })];
  const args = ['train', TINY, '--data', cache, '--output', inFolder('stopped'), '--backend', 'cpu'];
  const child = spawn(
    process.execPath,
    [
      'bin/archc.mjs',
      ...args,
      ...set({ foreground: '0.33', batch: '3' }),
      ...more,
      '--checkpoint-every',
      '2',
      '--json',
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (text += part));
  const ended = new Promise<number | null>((done) => child.on('close', done));
  while (!existsSync(inFolder('stopped/checkpoint.safetensors')) && child.exitCode === null)
    await setTimeout(5);
  child.kill('SIGINT');
  expect(await ended, text).toBe(130);
  const stopped = runOf('stopped') as { status: string; steps_done: number };
  expect(stopped.status).toBe('stopped');
  expect(stopped.steps_done).toBeLessThan(250);
  expect((await train('stopped', '--resume', '--workers', '2')).stderr).toContain('accumulate');
  expect((await train('stopped', ...more, '--resume', '--workers', '2')).code).toBe(0);
  expect((await train('unstopped', ...more, '--workers', '0')).code).toBe(0);
  expect(bytesOf('stopped')).toEqual(bytesOf('unstopped'));
});

test('a run does not go on with another cache; the difference is named', async () => {
  expect((await train('first', '--steps', '3')).code).toBe(0);
  // The same images otherwise preprocessed, and other images preprocessed alike.
  const changed = JSON.parse(readFileSync(plan, 'utf8')) as Plan;
  const spacing = [2, 2];
  const file = inFolder('coarse.json');
  writeFileSync(file, JSON.stringify({ ...changed, plan_2d: { ...changed.plan_2d, spacing } }));
  const coarse = await cacheOf('coarse', file);
  const more = ['--steps', '6', '--resume'];
  expectError(
    await train('first', ...more, '--data', coarse),
    'checkpoint-mismatch',
    /data\.preprocessing: sha256 \w+… → sha256 \w+…/,
  );
  expectError(
    await train('first', ...more, '--data', data),
    'checkpoint-mismatch',
    /data\.preprocessing: sha256 \w+… → none/,
  );
  const moved = inFolder('moved');
  cpSync(cache, moved, { recursive: true });
  expect((await train('first', ...more, '--data', moved)).code).toBe(0);
});

test('cases are held back by ids, and by the folds of a file beside the cases', async () => {
  const folds = inFolder('folds');
  cpSync(cache, folds, { recursive: true });
  writeFileSync(join(folds, 'splits_final.json'), JSON.stringify([{ train: ['a', 'b'], val: ['c', 'd'] }]));
  const holdout = 'fold(0, from: "splits_final.json")';
  const report = json(
    await train(
      'folds',
      '--data',
      folds,
      '--json',
      ...set({ validate: '12', holdout, validate_batches: '1' }),
    ),
  );
  expect(report['validation']).toMatchObject({ held_back: ['c', 'd'] });
  expectError(
    await train('unknown', ...set({ validate: '6', holdout: '["z"]' })),
    'bad-holdout',
    /"z", which is no training case/,
  );
});

test.each(['0', '1'])(
  'a case that is damaged while it trains ends the run, with %s worker(s)',
  async (workers) => {
    const damaged = inFolder(`damaged-${workers}`);
    cpSync(cache, damaged, { recursive: true });
    truncateSync(join(damaged, 'cases/c.safetensors'), 3000);
    const result = await train(`damage-${workers}`, '--data', damaged, '--workers', workers);
    expectError(result, 'bad-safetensors', /cases\/c\.safetensors/);
    // It had no checkpoint: nothing is left of it.
    expect(existsSync(inFolder(`damage-${workers}`))).toBe(false);
  },
);

test('what cannot be trained on a cache is refused', async () => {
  expectError(
    await train('test', '--test'),
    'no-test-images',
    /preprocessed/,
    /archc predict .* archc evaluate/,
  );
  expectError(
    await train('classes', '--set', 'classes=4'),
    'classes-mismatch',
    /Discs has 3 classes \(0 background, 1 disc, 2 rim\)/,
  );
  expectError(await train('channels', '--set', 'in_channels=1'), 'image-channels', /have 3 channels/);
  const unfinished = inFolder('unfinished');
  cpSync(cache, unfinished, { recursive: true });
  rmSync(join(unfinished, 'cache.json'));
  expectError(await train('unfinished-run', '--data', unfinished), 'no-cache', /interrupted/);
  const classifier = inFolder('classifier.arch');
  writeFileSync(classifier, CLASSIFIER);
  expectError(
    await archc('train', classifier, '--data', cache, '--output', inFolder('c'), '--backend', 'cpu'),
    'bad-dataset',
    /preprocessed for segmentation; Classifier is a classifier/,
  );
});

test('raw data are made into batches in the main thread, which is said where workers are asked for', async () => {
  const { code, stderr } = await train('raw', '--data', data, '--steps', '2', '--workers', '2');
  expect(code).toBe(0);
  expect(stderr).toContain('--workers is for preprocessed data sets');
  expect((await train('raw-2', '--data', data, '--steps', '2')).stderr).not.toContain('--workers');
});

test.each([
  ['cpu', '1'],
  ['cpu', '0'],
  ['webgpu', '1'],
])(
  '--profile on %s with %s worker(s) changes nothing, and tells of all that a step does',
  async (backend, workers) => {
    const more = ['--backend', backend, '--workers', workers, ...set({ validate: '6', holdout: '["b"]' })];
    const [plain, profiled] = [`plain-${backend}-${workers}`, `profiled-${backend}-${workers}`];
    const { stderr } = await train(plain, ...more);
    const dispatches = Number(/(\d+) dispatches a step/.exec(stderr)![1]);
    const report = json(await train(profiled, ...more, '--profile', '--json'));
    expect(bytesOf(profiled)).toEqual(bytesOf(plain));
    const { steps_per_second, waited, kernels } = report['profile'] as ProfileReport;
    expect(steps_per_second).toBeGreaterThan(0);
    expect(waited).toBeGreaterThanOrEqual(0);
    expect(waited).toBeLessThanOrEqual(1);
    const sums = kernels!.map(({ milliseconds }) => milliseconds);
    expect(kernels!.reduce((n, kernel) => n + kernel.dispatches, 0)).toBe(dispatches);
    expect(sums.every((ms, i) => ms >= 0 && (i === 0 || ms <= sums[i - 1]))).toBe(true);
    expect(sums[0]).toBeGreaterThan(0);
  },
);

test('--profile prints a table; with a single step there is nothing to tell but kernels', async () => {
  const { stdout } = await train('profile', '--profile');
  expect(stdout).toMatch(/^profile: [\d.]+ steps a second, [\d.]+ % of the time waiting for batches$/m);
  expect(stdout).toMatch(/│ \w+ +│ +\d+ │ +\d+\.\d\d │ +[\d.]+ │/);
  const single = await train('single', '--profile', '--steps', '1', '--json');
  expect(json(single)['profile']).toMatchObject({ steps_per_second: null, waited: null });
});

const CLASSIFIER = `import { Conv2d, Linear } from "archc/lib/nn.arch"

model Classifier() {
  input image: [B, 3, 16, 16]
  stem = Conv2d(3, 4, 3, padding: 1)
  head = Linear(4, 3)
  forward { y = head(mean(stem(image), <2, 3>)) }
  output logits: [B, 3] = y
}

train T for Classifier {
  loss = cross_entropy
  optimizer = sgd(lr: 0.1)
  batch = 2
  steps = 2
}
`;
