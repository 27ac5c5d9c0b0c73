import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { trainingEntries } from '../../src/autodiff/entries.ts';
import { readLabels } from '../../src/data/image.ts';
import { openModel } from '../../src/files/open.ts';
import { printGraph } from '../../src/ir/print.ts';
import { ops } from '../../src/ops/index.ts';
import { readMetadata, readSafetensors, writeSafetensors } from '../../src/tensors/safetensors.ts';
import { type Tensor, toFloat32 } from '../../src/tensors/tensor.ts';
import { archc, expectError, json, temporaryFolder } from '../cli/archc.ts';
import { weightsOf, writeDataset, writeInputs, writeTinyPlan } from '../cli/tiny.ts';
import { writeFamily, writeHeads, writeLinear } from './specs.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const data = writeDataset(inFolder('data'));
const heads = writeHeads(inFolder('heads.arch'));
const run = (output: string, ...more: string[]) =>
  archc(...['train', heads, '--data', data, '--output', inFolder(output), '--backend', 'cpu'], ...more);
const bytes = (file: string) => readFileSync(inFolder(file));

interface Validation {
  validations: { step: number; loss: number; score: number; heads: Record<string, number> }[];
  best: { step: number } | null;
}

/** Loss and gradients of the linear heads in float64, of labels that `grad` is given. */
function byHand(x: Float32Array, ids: Int32Array, bits: Int32Array, weights: ReadonlyMap<string, Tensor>) {
  const pixels = 256;
  const of = (name: string) => Float64Array.from(toFloat32(weights.get(name)!));
  const [wa, ba, wb, bb] = ['a.weight', 'a.bias', 'b.weight', 'b.bias'].map(of);
  const zeros = (like: Float64Array) => new Float64Array(like.length);
  const grads = { 'a.weight': zeros(wa), 'a.bias': zeros(ba), 'b.weight': zeros(wb), 'b.bias': zeros(bb) };
  let loss = 0;
  for (let i = 0; i < 2 * pixels; i++) {
    const rgb = [0, 1, 2].map((c) => x[Math.floor(i / pixels) * 3 * pixels + c * pixels + (i % pixels)]);
    const logits = (w: Float64Array, b: Float64Array) =>
      Array.from(b, (bias, k) => bias + rgb.reduce((sum, v, c) => sum + w[3 * k + c] * v, 0));
    const a = logits(wa, ba);
    const sum = a.reduce((total, v) => total + Math.exp(v), 0);
    // The weight 2 of the head, over the mean of all pixels.
    loss += (2 * (Math.log(sum) - a[ids[i]])) / (2 * pixels);
    for (const [k, v] of a.entries()) {
      const d = (2 * (Math.exp(v) / sum - (k === ids[i] ? 1 : 0))) / (2 * pixels);
      grads['a.bias'][k] += d;
      for (let c = 0; c < 3; c++) grads['a.weight'][3 * k + c] += d * rgb[c];
    }
    for (const [k, v] of logits(wb, bb).entries()) {
      const y = (bits[i] >> k) & 1;
      // The mean is over both regions, too.
      loss += (0.25 * (Math.log(1 + Math.exp(v)) - y * v)) / (4 * pixels);
      const d = (0.25 * (1 / (1 + Math.exp(-v)) - y)) / (4 * pixels);
      grads['b.bias'][k] += d;
      for (let c = 0; c < 3; c++) grads['b.weight'][3 * k + c] += d * rgb[c];
    }
  }
  return { loss, grads };
}

test('loss and gradients of two heads with targets of their own are those of a float64 computation', async () => {
  const spec = writeLinear(inFolder('linear.arch'));
  const weights = weightsOf(spec);
  writeSafetensors(inFolder('linear.safetensors'), weights);
  const bits = Int32Array.from({ length: 512 }, (_, i) => i % 4);
  const input = writeInputs(inFolder('input.safetensors'), (entries) => {
    entries.set('target.nested', { dtype: 'I32', shape: [2, 16, 16], data: bits } as Tensor);
  });
  const files = ['--weights', inFolder('linear.safetensors'), '--input', input];
  const result = await archc('grad', spec, ...files, '--output', inFolder('grad.safetensors'), '--json');
  expect(result.code, result.stderr).toBe(0);
  const given = readSafetensors(input).tensors;
  const expected = byHand(toFloat32(given.get('x')!), given.get('target')!.data as Int32Array, bits, weights);
  const found = readSafetensors(inFolder('grad.safetensors')).tensors;
  // Sums of 512 terms in float32.
  expect((json(result) as { loss: number }).loss).toBeCloseTo(expected.loss, 5);
  for (const [name, gradient] of Object.entries(expected.grads)) {
    const own = toFloat32(found.get(`g/${name}`)!);
    gradient.forEach((g, i) => {
      expect(own[i], `${name} ${i}`).toBeCloseTo(g, 5);
    });
  }
  // What is missing, or no set of two regions, is told.
  const only = writeInputs(inFolder('only.safetensors'));
  const one = ['--weights', inFolder('linear.safetensors'), '--input', only, '--output', inFolder('no')];
  expectError(await archc('grad', spec, ...one), 'missing-target', /no tensor `target\.nested`.*`nested`/);
  bits[3] = 4;
  writeInputs(inFolder('only.safetensors'), (entries) => {
    entries.set('target.nested', { dtype: 'I32', shape: [2, 16, 16], data: bits } as Tensor);
  });
  expectError(await archc('grad', spec, ...one), 'label-range', /`target\.nested`.* holds 4/);
});

test('a run trains, validates, tests and predicts by each head, and resumes to the same bytes', async () => {
  const result = await run('whole', '--test', '--json');
  expect(result.code, result.stderr).toBe(0);
  const { validation } = json(result) as { validation: Validation };
  expect(validation.validations.map(({ heads }) => Object.keys(heads))).toEqual([
    ['whole', 'nested'],
    ['whole', 'nested'],
  ]);
  expect(result.stderr).toMatch(/pseudo-Dice \d\.\d{4}, of whole \d\.\d{4}, of nested \d\.\d{4}/);
  const lines = bytes('whole/losses.jsonl').toString().trim().split('\n');
  expect(lines.filter((line) => line.includes('"heads"'))).toHaveLength(2);

  // Half of it, and the other half from its checkpoint.
  expect((await run('half', '--steps', '6')).code).toBe(0);
  const rest = await archc(
    ...['train', heads, '--data', data, '--output', inFolder('half'), '--backend', 'cpu'],
    ...['--resume', '--steps', '12'],
  );
  expect(rest.code, rest.stderr).toBe(0);
  expect(bytes('half/weights.safetensors')).toEqual(bytes('whole/weights.safetensors'));
  expect(bytes('half/losses.jsonl')).toEqual(bytes('whole/losses.jsonl'));

  const trained = JSON.parse(readMetadata(inFolder('whole/weights.safetensors'))['trained_on']) as object;
  const named = (...names: string[]) => names.map((name, value) => ({ name, value }));
  expect(trained).toMatchObject({
    classes: named('background', 'disc', 'rim'),
    heads: {
      whole: { classes: named('background', 'disc + rim') },
      nested: {
        classes: named('background', 'disc + rim', 'disc'),
        regions: [
          { name: 'disc + rim', values: [1, 2], painted: 1 },
          { name: 'disc', values: [2], painted: 2 },
        ],
      },
    },
  });
});

test('each head predicts with the classes of its target', async () => {
  const predict = (output: string, ...more: string[]) =>
    archc(
      ...['predict', inFolder('whole'), '--input', join(data, 'imagesTs'), '--output', inFolder(output)],
      ...['--backend', 'cpu', ...more],
    );
  const found = new Map<string, Int32Array>();
  for (const head of ['logits', 'whole', 'nested']) {
    const { code, stderr } = await predict(head, '--head', head);
    expect(code, stderr).toBe(0);
    found.set(head, readLabels(inFolder(`${head}/e.png`)).data);
  }
  expect((await predict('first')).code).toBe(0);
  expect(bytes('first/e.png')).toEqual(bytes('logits/e.png'));
  expect(Math.max(...found.get('whole')!)).toBeLessThanOrEqual(1);
  // All learn bright discs on dark ground: what one finds the others find, by other numbers.
  const truth = readLabels(join(data, 'labelsTs/e.png')).data;
  const agree = (head: string, value: (id: number) => number) =>
    truth.reduce((n, id, i) => n + (found.get(head)![i] === value(id) ? 1 : 0), 0) / truth.length;
  expect(agree('whole', (id) => Math.min(id, 1))).toBeGreaterThan(0.8);
  expect(agree('nested', (id) => [0, 2, 1][id])).toBeGreaterThan(0.7);
  expectError(await predict('none', '--head', 'nestd'), 'unknown-head', /--head nested/);
});

test('a preprocessed data set gives the same labels to each head, whoever makes the batches', async () => {
  const plan = writeTinyPlan(inFolder('plan.json'), data);
  const cache = inFolder('cache');
  expect((await archc('data', 'preprocess', data, '--output', cache, '--plan', plan)).code).toBe(0);
  for (const workers of ['0', '2']) {
    const { code, stderr } = await archc(
      ...['train', heads, '--data', cache, '--output', inFolder(`cached${workers}`), '--backend', 'cpu'],
      ...['--workers', workers, '--set', 'train.foreground=0.33'],
    );
    expect(code, stderr).toBe(0);
  }
  for (const file of ['weights.safetensors', 'losses.jsonl'])
    expect(bytes(`cached2/${file}`)).toEqual(bytes(`cached0/${file}`));
});

test('--set changes what is set of an output, and is part of the identity of a run', async () => {
  const model = openModel(heads, { set: { 'train.whole.weight': '0.125' } });
  expect(model.train[0].supervise).toEqual([1, 0.125, 0.25]);
  const other = await archc(
    ...['train', heads, '--data', data, '--output', inFolder('half'), '--backend', 'cpu', '--resume'],
    ...['--steps', '14', '--set', 'train.whole.target=["rim"]'],
  );
  expectError(other, 'checkpoint-mismatch', /train\.heads\.whole\.target/);
});

test.each([
  ['unknown class', '["discs"]', /heads-1\.arch:\d+:\d+: the target of `whole` names `discs`/, /`disc`;/],
  ['the background', '["background"]', /names `background`/, /leave it out/],
])('a target that names what is no class of the data: %s', async (_, target, ...texts) => {
  const spec = writeHeads(inFolder('heads-1.arch'));
  const text = readFileSync(spec, 'utf8').replace('target = [["disc", "rim"]]', `target = ${target}`);
  writeFileSync(spec, text);
  const result = await archc('train', spec, '--data', data, '--output', inFolder('bad'), '--backend', 'cpu');
  expectError(result, 'bad-target', ...texts);
});

/** Of the entry with the gradients: its inputs, and the section. */
function familyOf(name: string, settings: string, set: Record<string, string> = {}) {
  const model = openModel(writeFamily(inFolder(`${name}.arch`), settings), { set, training: true });
  const [section] = model.train;
  const { gradients } = trainingEntries(model, section, section.optimizer, ops).entries;
  const inputs = gradients.sources.filter(({ kind }) => kind === 'input').map((source) => source.name);
  return { inputs, section, text: printGraph(gradients) };
}

test('outputs of one name share the labels of their target, and its weight', () => {
  const shared = 'output cells {\n    weight = 2\n    supervise = halving()\n    target = ["disc"]\n  }';
  const { inputs, section, text } = familyOf('shared', shared);
  expect(inputs).toEqual(['image', 'target', 'target.cells.0']);
  expect(section.supervise).toEqual([1, 4 / 3, 2 / 3]);
  expect(text.match(/nearest_labels/g)).toHaveLength(1);
  // One of them alone.
  const only = familyOf('only', `${shared}\n  output cells[1] { weight = 0 }`);
  expect(only.section.supervise).toEqual([1, 4 / 3, 0]);
  expect(only.inputs).toEqual(inputs);
  expect(only.text).not.toMatch(/nearest_labels/);
  expect(familyOf('set', shared, { 'train.cells[1].weight': '3' }).section.supervise).toEqual([1, 4 / 3, 3]);
  // Labels of the first that is trained are `target`.
  expect(familyOf('cells', `${shared}\n  output logits { weight = 0 }`).inputs).toEqual(['image', 'target']);
});

test('settings of an output that say what the section does change nothing of its graph', () => {
  const plain = familyOf('plain', 'supervise = weights(<1, 0, 0>)');
  const same = familyOf('same', 'supervise = weights(<1, 0, 0>)\n  output logits { loss = cross_entropy }');
  expect(same.text).toBe(plain.text);
  expect(plain.section).not.toHaveProperty('heads');
});
