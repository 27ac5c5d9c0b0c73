import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { readSafetensors } from '../../src/tensors/safetensors.ts';
import { toFloat32 } from '../../src/tensors/tensor.ts';
import { archc, expectFailure, expectNoStack, json, temporaryFolder, tree } from './archc.ts';
import { TINY, writeDataset, writeInputs, writeWeights } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const data = writeDataset(inFolder('data'));
const args = (output: string, ...more: string[]) => [
  ...['train', TINY, '--data', data, '--output', inFolder(output)],
  ...more,
];
const weightsOf = (run: string) => readFileSync(inFolder(`${run}/weights.safetensors`));

test('training leaves a run: weights, checkpoint, plot, metrics, test images', async () => {
  const result = await archc(...args('whole', '--test', '--json'));
  expect(result.code).toBe(0);
  expect(json(result)).toMatchObject({ finished: true, steps: 12, folder: inFolder('whole') });
  expect(tree(inFolder('whole'))).toEqual([
    ...[
      'checkpoint.safetensors',
      'learning_rate.svg',
      'loss.svg',
      'losses.jsonl',
      'metrics.json',
      'overview.png',
    ],
    ...['pictures/', 'pictures/e.png', 'pictures/f.png'],
    ...['predictions/', 'predictions/e.png', 'predictions/f.png', 'report.html', 'run.json', 'spec/'],
    ...['spec/archc/', 'spec/archc/lib/', 'spec/archc/lib/nn.arch', 'spec/own/', 'spec/own/tiny.arch'],
    ...['spec/sources.json', 'weights.safetensors'],
  ]);
  const checkpoint = readSafetensors(inFolder('whole/checkpoint.safetensors')).tensors;
  const losses = [...(checkpoint.get('losses')?.data ?? [])].map(Number);
  expect(losses.length).toBe(12);
  expect(Math.min(...losses.slice(-4))).toBeLessThan(losses[0]);
  const metrics = JSON.parse(readFileSync(inFolder('whole/metrics.json'), 'utf8')) as Record<string, unknown>;
  expect(metrics).toMatchObject({ steps: 12, finished: true, images: [{ id: 'e' }, { id: 'f' }] });
  // The weights are those that predict and evaluate take.
  const predicted = await archc(
    ...['predict', TINY, '--weights', inFolder('whole/weights.safetensors')],
    ...['--input', join(data, 'imagesTs'), '--output', inFolder('predicted')],
  );
  expect(predicted.code).toBe(0);
  const evaluated = await archc(
    ...[
      'evaluate',
      '--predictions',
      inFolder('predicted'),
      '--truth',
      join(data, 'labelsTs'),
      '--data',
      data,
    ],
    '--json',
  );
  const { dsc } = json(evaluated) as { dsc: Record<string, number> };
  expect(dsc['all foreground']).toBeCloseTo(metrics['dsc'] as number, 12);
});

test('the same seed gives the same bytes, another one others', async () => {
  const text = await archc(...args('again'));
  expect(text.stdout).toMatch(/^12 steps in \d+ s on .*, last loss \d/);
  expect(weightsOf('again')).toEqual(weightsOf('whole'));
  const checkpoint = (run: string) => readFileSync(inFolder(`${run}/checkpoint.safetensors`));
  expect(checkpoint('again')).toEqual(checkpoint('whole'));
  await archc(...args('other', '--seed', '99'));
  expect(weightsOf('other')).not.toEqual(weightsOf('whole'));
});

/** The command line as a process of its own, which signals can reach. */
function start(...more: string[]): {
  child: ChildProcess;
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
} {
  const child = spawn(process.execPath, ['bin/archc.mjs', ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  return {
    child,
    ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr }))),
  };
}

test('a run that Ctrl-C stopped goes on to the same bytes', async () => {
  // More steps than fit between the first checkpoint and the signal.
  const steps = ['--steps', '400', '--checkpoint-every', '2'];
  const { child, ended } = start(...args('stopped', ...steps, '--json'));
  const checkpoint = inFolder('stopped/checkpoint.safetensors');
  while (!existsSync(checkpoint) && child.exitCode === null) await new Promise((r) => setTimeout(r, 5));
  child.kill('SIGINT');
  const { code, stdout, stderr } = await ended;
  expect([code, stderr]).toEqual([130, expect.stringContaining('stopping after this step')]);
  expectNoStack({ code: 130, stdout, stderr });
  const report = JSON.parse(stdout) as { finished: boolean; steps: number };
  expect(report.finished).toBe(false);
  expect(report.steps).toBeGreaterThan(1);
  expect(report.steps).toBeLessThan(400);
  expect(tree(inFolder('stopped')).filter((name) => name.includes('.tmp'))).toEqual([]);

  const resumed = await archc(...args('stopped', '--resume', '--json'));
  expect(json(resumed)).toMatchObject({ finished: true, steps: 400 });
  await archc(...args('unstopped', '--steps', '400', '--checkpoint-every', '400'));
  expect(weightsOf('stopped')).toEqual(weightsOf('unstopped'));
});

test('runs that start at once never share a folder', async () => {
  const started = ['one', 'two', 'three'].map(() => start(...args('shared', '--steps', '3', '--json')));
  const results = await Promise.all(started.map(({ ended }) => ended));
  expect(results.map(({ code }) => code).sort()).toEqual([0, 2, 2]);
  for (const { code, stderr } of results)
    if (code === 2) expect(stderr).toMatch(/error\[run-(in-use|exists)\]/);
  const cwd = mkdtempSync(inFolder('numbered-'));
  const [archcBin, spec] = [resolve('bin/archc.mjs'), resolve(TINY)];
  const numbered = await Promise.all(
    [1, 2, 3].map(
      () =>
        new Promise<string>((done) => {
          const more = ['train', spec, '--data', data, '--steps', '2', '--json'];
          execFile(process.execPath, [archcBin, ...more], { cwd }, (_, stdout) =>
            done((JSON.parse(stdout) as { folder: string }).folder),
          );
        }),
    ),
  );
  expect(numbered.sort()).toEqual(['runs/tiny', 'runs/tiny-2', 'runs/tiny-3']);
});

test('fit twice gives the same bytes', async () => {
  const weights = writeWeights(inFolder('w.safetensors'));
  const inputs = writeInputs(inFolder('i.safetensors'));
  const fitTo = async (name: string) => {
    const result = await archc(
      ...['fit', TINY, '--weights', weights, '--input', inputs, '--output', inFolder(name)],
      ...['--steps', '6', '--lr', '1e-2', '--weight-decay', '0.05', '--clip', '12', '--schedule', 'cosine'],
    );
    expect(result.stdout.match(/^step \d: loss/gm)?.length).toBe(6);
    return readFileSync(inFolder(name));
  };
  expect(await fitTo('one.safetensors')).toEqual(await fitTo('two.safetensors'));
});

/** Every number in a checkpoint. */
function valuesOf(path: string): number[] {
  return [...readSafetensors(path).tensors.values()].flatMap((tensor) => [...toFloat32(tensor)]);
}

test('a run that diverges stops, names the step and keeps the last good checkpoint', async () => {
  const diverging = ['--section', 'Diverging', '--checkpoint-every', '1', '--steps', '12'];
  const fresh = await archc(...args('fresh', ...diverging));
  expectFailure(fresh, 'loss-not-finite', /step \d+: the loss is/, /a smaller learning rate/);
  const path = inFolder('fresh/checkpoint.safetensors');
  expect(valuesOf(path).every(Number.isFinite)).toBe(true);
  const left = tree(inFolder('fresh')).filter((name) => !name.startsWith('spec/'));
  expect(left).toEqual(['checkpoint.safetensors', 'losses.jsonl', 'report.html', 'run.json']);
  const { status } = JSON.parse(readFileSync(inFolder('fresh/run.json'), 'utf8')) as { status: string };
  expect(status).toBe('failed');

  // Going on meets the same end, byte for byte the same checkpoint before and after.
  const before = readFileSync(path);
  const again = await archc(...args('fresh', ...diverging, '--resume', '--json'));
  expect([again.code, json(again)]).toMatchObject([1, { ok: false, error: { code: 'loss-not-finite' } }]);
  expect(readFileSync(path)).toEqual(before);
});

test('weights that overflow in an update are no checkpoint, though the loss was finite', async () => {
  const overflow = ['--section', 'Diverging', '--set', 'train.lr=3e38', '--set', 'train.weight_decay=100'];
  const result = await archc(...args('overflow', ...overflow, '--checkpoint-every', '1'));
  expectFailure(result, 'weights-not-finite', /step 1: .* holds -?Infinity after the update/);
  // No checkpoint was good, so nothing is left.
  expect(existsSync(inFolder('overflow'))).toBe(false);
});
