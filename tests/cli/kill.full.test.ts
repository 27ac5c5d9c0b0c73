import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Random } from '../../src/recipe/random.ts';
import { eventFiles } from '../../src/report/event-names.ts';
import { readSafetensors } from '../../src/tensors/safetensors.ts';
import { temporaryFolder, tree } from './archc.ts';
import { readScalars } from './events.ts';
import { TINY, writeDataset, writeTinyPlan } from './tiny.ts';

/** Processes that are killed. */
const KILLS = 20;
/** Of what is left when they are, in which a step, a validation or a checkpoint is at work: longest, in milliseconds. */
const LONGEST = 120;

const folder = temporaryFolder();
const data = writeDataset(join(folder, 'data'));
const settings = {
  ...{ steps: '1500', validate: '7', holdout: '["a"]', accumulate: '2', ema: '0.95', score_decay: '0.9' },
  ...{ augment: 'flips + rotations90 + brightness(0.3, probability: 0.5) + contrast(0.3)' },
  ...{ freeze: '["stem.*"]', freeze_steps: '400' },
};
const command = (from: string, output: string) => [
  ...['train', TINY, '--data', from, '--output', output, '--backend', 'cpu', '--checkpoint-every', '5'],
  '--tensorboard',
  ...Object.entries(settings).flatMap(([key, value]) => ['--set', `train.${key}=${value}`]),
];

/** The same images preprocessed: their batches are made by threads. */
async function preprocessed(): Promise<string> {
  const plan = writeTinyPlan(join(folder, 'plan.json'), data);
  const cache = join(folder, 'cache');
  await toEnd(['data', 'preprocess', data, '--output', cache, '--plan', plan]);
  return cache;
}

function start(args: readonly string[]): {
  child: ChildProcess;
  ended: Promise<number | null>;
  told(): string;
} {
  const child = spawn(process.execPath, [resolve('bin/archc.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (part) => (text += part));
  const ended = new Promise<number | null>((done) => child.on('close', (code) => done(code)));
  return { child, ended, told: () => text };
}

async function toEnd(args: readonly string[]): Promise<void> {
  const { ended, told } = start(args);
  expect(await ended, told()).toBe(0);
}

const sizeOf = (path: string) => (existsSync(path) ? statSync(path).size : 0);

/** Everything that a reader may open is whole. */
function expectReadable(run: string): void {
  for (const name of ['checkpoint', 'best', 'weights']) {
    const path = join(run, `${name}.safetensors`);
    if (existsSync(path)) expect(readSafetensors(path).tensors.size).toBeGreaterThan(0);
  }
  for (const name of ['run.json', 'metrics.json', 'spec/sources.json']) {
    const path = join(run, name);
    if (existsSync(path)) JSON.parse(readFileSync(path, 'utf8'));
  }
}

/** All files but those for TensorBoard, whose names tell when they were begun. */
const filesOf = (run: string) => tree(run).filter((name) => !eventFiles(run).includes(name));

const sources = [
  { name: 'raw', open: async () => data, more: [], resumed: [] },
  { name: 'preprocessed', open: preprocessed, more: ['--workers', '2'], resumed: ['--workers', '1'] },
] as const;

test.each(sources)(
  `a run on $name data that is killed ${KILLS} times ends with the bytes of one that never was`,
  async ({ name, open, more, resumed }) => {
    const [whole, run] = ['whole', 'killed'].map((part) => join(folder, `${name}-${part}`));
    const from = await open();
    await toEnd(command(from, whole));
    const random = Random.stream(1, 'kills');
    const log = join(run, 'losses.jsonl');
    let began = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const resume = existsSync(join(run, 'checkpoint.safetensors')) ? ['--resume'] : [];
      const { child, ended, told } = start([...command(from, run), ...resume, ...more]);
      // Some at any moment of their start, the others at work.
      const early = kill % 5 === 4;
      const before = sizeOf(log);
      if (!early) while (sizeOf(log) <= before && child.exitCode === null) await setTimeout(2);
      await setTimeout(random.uniform(0, early ? 800 : LONGEST));
      expect(child.exitCode, told()).toBe(null);
      if (!early) began++;
      child.kill('SIGKILL');
      await ended;
      expectReadable(run);
    }
    expect(began).toBe((KILLS * 4) / 5);
    await toEnd([...command(from, run), '--resume', ...resumed]);
    const pictures = tree(whole).filter((file) => file.endsWith('.png'));
    expect(pictures.length).toBeGreaterThan(9);
    const curves = ['loss.svg', 'validation.svg', 'learning_rate.svg'];
    for (const file of ['weights.safetensors', 'best.safetensors', 'losses.jsonl', ...curves, ...pictures])
      expect(readFileSync(join(run, file)).equals(readFileSync(join(whole, file))), file).toBe(true);
    // Each start has an event file of its own; together they tell of each step once.
    expect(readScalars(run)).toEqual(readScalars(whole));
    expect(readSafetensors(join(run, 'checkpoint.safetensors')).tensors).toEqual(
      readSafetensors(join(whole, 'checkpoint.safetensors')).tensors,
    );
    expect(filesOf(run)).toEqual(filesOf(whole));
  },
);
