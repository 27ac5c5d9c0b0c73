import { spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readLabelMap } from '../../src/data/png.ts';
import type { StoredProgram } from '../../src/program/stored.ts';
import { readSafetensors, writeSafetensors } from '../../src/tensors/safetensors.ts';
import { float32Tensor, type Tensor } from '../../src/tensors/tensor.ts';
import { archc, expectError, json, temporaryFolder, tree } from './archc.ts';
import { type Entries, writeDataset, writeInputs } from './tiny.ts';

const SPEC = 'tests/fixtures/cli/normed.arch';
const BUFFERS = ['norm.running_mean', 'norm.running_var', 'norm.num_batches_tracked'];
const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const data = writeDataset(inFolder('data'));
const read = (path: string): Entries => new Map(readSafetensors(inFolder(path)).tensors);
const train = (output: string, ...more: string[]) => [
  ...['train', SPEC, '--data', data, '--output', inFolder(output)],
  ...more,
];

/** The trained weights, some of them changed. */
function written(name: string, change: (entries: Entries) => void): string {
  const entries = read('run/weights.safetensors');
  change(entries);
  writeSafetensors(inFolder(name), entries);
  return inFolder(name);
}

beforeAll(async () => {
  expect((await archc(...train('run', '--test'))).code).toBe(0);
});

describe('a trained network with batch norm', () => {
  test('has its running statistics and its counter with the weights', () => {
    const weights = read('run/weights.safetensors');
    expect([...weights.keys()].slice(-3)).toEqual(BUFFERS);
    expect(weights.get('norm.num_batches_tracked')).toEqual({
      dtype: 'I64',
      shape: [],
      data: BigInt64Array.of(12n),
    });
    expect(
      Array.from(weights.get('norm.running_var')!.data as Float32Array).every((v) => v > 0 && v !== 1),
    ).toBe(true);
  });

  test('predicts the same whatever stands in the batch with an image', async () => {
    for (const windows of ['1', '4']) {
      const result = await archc(
        ...['predict', SPEC, '--weights', inFolder('run/weights.safetensors'), '--windows', windows],
        ...['--input', join(data, 'imagesTs'), '--output', inFolder(`by${windows}`)],
      );
      expect(result.code).toBe(0);
    }
    const maps = tree(inFolder('by1'));
    expect(maps.length).toBe(2);
    const seen = new Set<number>();
    for (const name of maps) {
      const [one, four, tested] = ['by1', 'by4', 'run/predictions'].map((f) =>
        readLabelMap(inFolder(`${f}/${name}`)),
      );
      expect(four).toEqual(one);
      // The test after training predicts by the running statistics, too.
      expect(tested).toEqual(one);
      for (const id of one.data) seen.add(id);
    }
    expect(seen.size).toBeGreaterThan(1);
  });

  test('gives a sample the same logits alone and in a batch', async () => {
    writeInputs(inFolder('both.safetensors'));
    writeInputs(inFolder('first.safetensors'), (entries) => {
      const x = entries.get('x')!.data as Float32Array;
      entries.clear();
      entries.set('x', float32Tensor([1, 3, 16, 16], x.slice(0, 768)));
    });
    const logits = async (input: string) => {
      await archc(
        ...['run', SPEC, '--weights', inFolder('run/weights.safetensors')],
        ...['--input', inFolder(input), '--output', inFolder('y.safetensors')],
      );
      return read('y.safetensors').get('y0')!.data as Float32Array;
    };
    const [alone, both] = [await logits('first.safetensors'), await logits('both.safetensors')];
    const largest = Math.max(...alone.map(Math.abs));
    expect(Math.max(...alone.map((v, i) => Math.abs(v - both[i])))).toBeLessThan(1e-5 * largest);
  });

  test('goes on from where it was stopped to the same bytes', async () => {
    const args = (output: string) => train(output, '--steps', '150', '--checkpoint-every', '2');
    const child = spawn(process.execPath, ['bin/archc.mjs', ...args('stopped')], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('close', resolve));
    const checkpoint = inFolder('stopped/checkpoint.safetensors');
    while (!existsSync(checkpoint) && child.exitCode === null) await new Promise((r) => setTimeout(r, 5));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    const stored = readSafetensors(checkpoint).tensors;
    const counter = Number(stored.get('param/norm.num_batches_tracked')!.data[0]);
    expect(counter).toBeGreaterThan(0);
    expect(counter).toBeLessThan(150);
    expect((await archc(...args('stopped'), '--resume')).code).toBe(0);
    expect((await archc(...args('whole'))).code).toBe(0);
    for (const name of ['weights.safetensors', 'checkpoint.safetensors']) {
      const [again, whole] = ['stopped', 'whole'].map(
        (run) => readSafetensors(inFolder(`${run}/${name}`)).tensors,
      );
      expect(again).toEqual(whole);
    }
  });
});

describe('files of weights', () => {
  const run = (weights: string) =>
    archc(
      ...['run', SPEC, '--weights', weights, '--input', inFolder('both.safetensors')],
      ...['--output', inFolder('out.safetensors')],
    );

  test('may lack the counter, as files of before PyTorch 0.4.1 do', async () => {
    const old = written('old.safetensors', (entries) => entries.delete('norm.num_batches_tracked'));
    expect((await run(old)).code).toBe(0);
    await archc('compile', SPEC, '--weights', old, '--output', inFolder('old'));
    expect(read('old/weights.safetensors').get('norm.num_batches_tracked')?.data).toEqual(
      BigInt64Array.of(0n),
    );
  });

  test.each<[string, string, (entries: Entries) => void, RegExp]>([
    [
      'running statistics are missing',
      'a',
      (e) => e.delete('norm.running_var'),
      /missing: norm\.running_var \[8\]/,
    ],
    [
      'the counter is no whole number',
      'b',
      (e) => e.set('norm.num_batches_tracked', float32Tensor([], Float32Array.of(3))),
      /type: norm\.num_batches_tracked holds F32, expected whole numbers/,
    ],
    [
      'the counter is too large',
      'c',
      (e) =>
        e.set('norm.num_batches_tracked', { dtype: 'I64', shape: [], data: BigInt64Array.of(2n ** 40n) }),
      /type: norm\.num_batches_tracked holds I64, expected whole numbers of up to 32 bits/,
    ],
    [
      'a statistic is no number',
      'd',
      (e) => e.set('norm.running_mean', float32Tensor([8], new Float32Array(8).fill(Number.NaN))),
      /value: norm\.running_mean holds NaN/,
    ],
    [
      'a statistic has another shape',
      'e',
      (e) => e.set('norm.running_mean', float32Tensor([4], new Float32Array(4))),
      /shape: norm\.running_mean is \[4\], the model has \[8\]/,
    ],
  ])('are refused where %s', async (_, name, change, message) => {
    expectError(await run(written(`${name}.safetensors`, change)), 'weights-mismatch', message);
  });

  test('fill buffers by the rules of a pretrained section, whatever the width of their integers', async () => {
    const names = { 'stem.': 'conv1.', 'norm.': 'bn1.' };
    const entries = [...read('run/weights.safetensors')].flatMap(([key, t]): [string, Tensor][] => {
      const prefix = Object.entries(names).find(([own]) => key.startsWith(own));
      return prefix ? [[key.replace(...prefix), t]] : [];
    });
    const at = entries.findIndex(([key]) => key.endsWith('tracked'));
    entries[at] = [entries[at][0], { dtype: 'I32', shape: [], data: Int32Array.of(1000) }];
    entries.push(['fc.weight', float32Tensor([3, 8], new Float32Array(24))]);
    writeSafetensors(inFolder('other.safetensors'), entries);
    const result = await archc(
      ...train('fine', '--pretrained', inFolder('other.safetensors'), '--steps', '1', '--json'),
    );
    expect(result.code).toBe(0);
    const rows = (json(result)['pretrained'] as { tensors: { parameter: string; status: string }[] }).tensors;
    for (const name of BUFFERS) expect(rows.find((r) => r.parameter === name)?.status, name).toBe('loaded');
    // One step further than the file.
    expect(read('fine/weights.safetensors').get('norm.num_batches_tracked')?.data).toEqual(
      BigInt64Array.of(1001n),
    );
    const without = entries.filter(([key]) => !key.endsWith('running_mean'));
    writeSafetensors(inFolder('other.safetensors'), without);
    expectError(
      await archc(...train('none', '--pretrained', inFolder('other.safetensors'), '--steps', '1')),
      'pretrained-mismatch',
      /norm\.running_mean/,
    );
  });

  test('of a checkpoint and of a compiled program are taken too', async () => {
    expect((await run(inFolder('run/checkpoint.safetensors'))).code).toBe(0);
    const first = readFileSync(inFolder('out.safetensors'));
    await archc(
      'compile',
      SPEC,
      '--weights',
      inFolder('run/weights.safetensors'),
      '--output',
      inFolder('compiled'),
    );
    expect((await run(inFolder('compiled/weights.safetensors'))).code).toBe(0);
    expect(readFileSync(inFolder('out.safetensors'))).toEqual(first);
    // A damaged copy lacks what a run cannot go on without.
    cpSync(inFolder('run'), inFolder('damaged'), { recursive: true });
    const { tensors, metadata } = readSafetensors(inFolder('run/checkpoint.safetensors'));
    const kept = [...tensors].filter(([key]) => !key.endsWith('num_batches_tracked'));
    writeSafetensors(inFolder('damaged/checkpoint.safetensors'), kept, metadata);
    expectError(await archc(...train('damaged', '--resume')), 'weights-mismatch', /num_batches_tracked/);
  });
});

describe('buffers in what commands print', () => {
  test('params lists them apart and does not count them', async () => {
    const report = json(await archc('params', SPEC, '--json'));
    const { params, tensors, buffers } = report as {
      params: number;
      tensors: [string, number[]][];
      buffers: [string, number[]][];
    };
    expect(params).toBe(8 * 3 * 9 + 8 + 8 + 3 * 8 + 3);
    expect(tensors.map(([name]) => name)).not.toEqual(expect.arrayContaining(['norm.running_mean']));
    expect(buffers).toEqual([
      ['norm.running_mean', [8]],
      ['norm.running_var', [8]],
      ['norm.num_batches_tracked', []],
    ]);
    const text = await archc('params', SPEC);
    expect(text.stdout).toMatch(
      /259 parameters.*\nand 3 buffers, which hold 17 values that are not trained\n/,
    );
  });

  test('a program has places for those that its entries read or change', async () => {
    await archc('compile', SPEC, '--output', inFolder('places'));
    await archc('compile', SPEC, '--output', inFolder('forward'), '--inference');
    const places = (program: string) => {
      const text = readFileSync(inFolder(`${program}/program.json`), 'utf8');
      const {
        plans: [{ tensors }],
      } = JSON.parse(text) as StoredProgram;
      return tensors.filter((t) => t.kind === 'buffer').map((t) => `${t.name} ${t.dtype}`);
    };
    expect(places('forward')).toEqual(['norm.running_mean f32', 'norm.running_var f32']);
    expect(places('places')).toEqual([
      ...['norm.running_mean f32', 'norm.running_var f32'],
      'norm.num_batches_tracked i32',
    ]);
    expect([...read('places/weights.safetensors').keys()].slice(-3)).toEqual(BUFFERS);
  });

  test('emit shows them, and what a step makes of them', async () => {
    const forward = (await archc('emit', 'graph', SPEC)).stdout;
    expect(forward).toMatch(/^buffer %\d+: i32\[\] "norm\.num_batches_tracked"$/m);
    expect(forward).not.toMatch(/^update/m);
    const step = (await archc('emit', 'graph', SPEC, '--train', '--batch', '2')).stdout.split(
      'entry update',
    )[1];
    const [, mean, variance] = /^buffer %(\d+): .*mean"\nbuffer %(\d+): .*var"$/m.exec(step)!;
    expect(step).toMatch(new RegExp(`^update %${mean}, %${variance} = %\\d+$`, 'm'));
    expect((await archc('emit', 'plan', SPEC)).stdout).toMatch(
      /^buffer "norm\.running_var": f32\[8\] in buffer/m,
    );
  });
});
