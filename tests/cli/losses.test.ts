import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSafetensors } from '../../src/tensors/safetensors.ts';
import { toFloat32 } from '../../src/tensors/tensor.ts';
import { archc, expectError, json, temporaryFolder, tree } from './archc.ts';
import { type Entries, TINY, writeDataset, writeInputs, writeWeights } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const weights = writeWeights(inFolder('weights.safetensors'));

/** The small spec with another loss. */
function withLoss(name: string, loss: string): string {
  const path = inFolder(`${name}.arch`);
  writeFileSync(path, readFileSync(TINY, 'utf8').replace(/loss = .*dice.*/, `loss = ${loss}`));
  return path;
}

const grad = (spec: string, change: (target: Int32Array) => void, ...more: string[]) => {
  const input = writeInputs(inFolder('inputs.safetensors'), (entries: Entries) =>
    change(entries.get('target')!.data as unknown as Int32Array),
  );
  const files = ['--weights', weights, '--input', input, '--output', inFolder('grad.safetensors')];
  return archc('grad', spec, ...files, '--section', 'Quick', ...more);
};

const lossOf = async (spec: string, change: (target: Int32Array) => void): Promise<number> => {
  const result = await grad(spec, change, '--json');
  expect(result.stderr).not.toMatch(/error/);
  return (json(result) as { loss: number }).loss;
};

test('the loss over two samples, one of them ignored, is that of the other twice', async () => {
  const spec = withLoss('ignored', 'cross_entropy');
  const [first, second] = [
    await lossOf(spec, (t) => t.fill(-1, 256)),
    await lossOf(spec, (t) => t.fill(-1, 0, 256)),
  ];
  expect(await lossOf(spec, () => {})).toBeCloseTo((first + second) / 2, 6);
  expect(first).not.toBeCloseTo(second, 6);
});

test.each([
  ['cross_entropy', 0],
  ['cross_entropy(weights: <1, 2, 3>, label_smoothing: 0.1)', 0],
  ['focal', 0],
  ['binary_cross_entropy', 0],
  // Of nothing, which smooth alone makes 1.
  ['dice', -1],
  ['tversky', -1],
  ['dice(sigmoid: true)', -1],
])('%s of ignored pixels alone is %i, without gradients', async (loss, expected) => {
  expect(await lossOf(withLoss('nothing', loss), (t) => t.fill(-1))).toBeCloseTo(expected, 6);
  const { tensors } = readSafetensors(inFolder('grad.safetensors'));
  const gradients = [...tensors].filter(([name]) => name.startsWith('g/'));
  expect(gradients.length).toBeGreaterThan(0);
  for (const [, tensor] of gradients) expect(toFloat32(tensor).every((g) => g === 0)).toBe(true);
});

test('targets of regions are sets of bits', async () => {
  const spec = withLoss('regions', 'binary_cross_entropy + dice(sigmoid: true)');
  const none = await lossOf(spec, (t) => t.fill(0));
  const all = await lossOf(spec, (t) => t.fill(7));
  expect(none).not.toBeCloseTo(all, 3);
  expectError(await grad(spec, (t) => t.fill(8, 0, 1)), 'label-range', /holds 8, .*3 regions.* 0 to 7/);
  expectError(await grad(spec, (t) => t.fill(-2, 0, 1)), 'label-range', /holds -2/);
});

test('a data set, whose labels are class ids, trains no loss of regions', async () => {
  const data = writeDataset(inFolder('data'));
  const spec = withLoss('train', 'binary_cross_entropy + dice(sigmoid: true)');
  const before = tree(folder);
  expectError(
    await archc('train', spec, '--section', 'Quick', '--data', data, '--output', inFolder('not-made')),
    'region-targets',
    /train section Quick compares regions \(`binary_cross_entropy`\)/,
    /cross_entropy \+ dice/,
  );
  expect(tree(folder)).toEqual(before);
});

test('the length of weights is checked against the outputs', async () => {
  const result = await archc('check', withLoss('weights', 'cross_entropy(weights: <1, 2>) + dice'));
  expect(result.code).toBe(2);
  expect(result.stderr).toMatch(
    /error\[wrong-length\][^\n]*`weights` of cross_entropy should have 3 entries, but has 2\n[^\n]*weights\.arch:\d+:33/,
  );
  expect(result.stderr).toMatch(/`logits` has 3 classes/);
});
