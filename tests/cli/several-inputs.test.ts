import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { StoredProgram } from '../../src/program/stored.ts';
import { Random } from '../../src/recipe/random.ts';
import { readSafetensors, writeSafetensors } from '../../src/tensors/safetensors.ts';
import { float32Tensor, type Tensor } from '../../src/tensors/tensor.ts';
import { archc, expectError, json, temporaryFolder, tree } from './archc.ts';
import { type Entries, TINY, weightsOf, writeDataset, writeInputs, writeWeights } from './tiny.ts';

const TWO = 'tests/fixtures/cli/two-inputs.arch';
const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const [BATCH, H, W, CLASSES] = [2, 4, 5, 3];

const random = Random.stream(11, 'two inputs');
const draw = (...shape: number[]) =>
  float32Tensor(
    shape,
    Float32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, () => random.normal(0, 1)),
  );
const given: Entries = new Map<string, Tensor>([
  ['image', draw(BATCH, 2, H, W)],
  ['clinical', draw(BATCH, 3)],
  [
    'target',
    {
      dtype: 'I32',
      shape: [BATCH, H, W],
      data: Int32Array.from({ length: BATCH * H * W }, () => random.integer(0, CLASSES)),
    },
  ],
]);
const weights: Entries = new Map(
  [...weightsOf(TWO)].map(([name, { shape }]) => [name, draw(...shape)] as const),
);
writeSafetensors(inFolder('w.safetensors'), weights);
writeSafetensors(inFolder('i.safetensors'), given);

const args = (command: string, inputs = 'i', w = 'w') => [
  ...[command, TWO, '--weights', inFolder(`${w}.safetensors`)],
  ...['--input', inFolder(`${inputs}.safetensors`), '--output', inFolder(`${command}.safetensors`)],
  ...(command === 'fit' ? ['--steps', '2'] : []),
];
const data = (entries: ReadonlyMap<string, Tensor>, name: string) => entries.get(name)!.data as Float32Array;

/** The network by hand, in float64. */
function logits(w: Entries): Float64Array {
  const y = new Float64Array(BATCH * CLASSES * H * W);
  y.forEach((_, i) => {
    const [b, k, p] = [Math.floor(i / (CLASSES * H * W)), Math.floor(i / (H * W)) % CLASSES, i % (H * W)];
    let sum = data(w, 'pixel.bias')[k] + data(w, 'context.bias')[k];
    for (let c = 0; c < 2; c++) {
      sum += data(w, 'pixel.weight')[k * 2 + c] * data(given, 'image')[(b * 2 + c) * H * W + p];
    }
    for (let c = 0; c < 3; c++)
      sum += data(w, 'context.weight')[k * 3 + c] * data(given, 'clinical')[b * 3 + c];
    y[i] = sum;
  });
  return y;
}

function crossEntropy(w: Entries): number {
  const y = logits(w);
  const target = given.get('target')!.data as Int32Array;
  const losses = Array.from(target, (label, i) => {
    const [b, p] = [Math.floor(i / (H * W)), i % (H * W)];
    const own = Array.from({ length: CLASSES }, (_, k) => y[(b * CLASSES + k) * H * W + p]);
    return Math.log(own.reduce((sum, v) => sum + Math.exp(v), 0)) - own[label];
  });
  return losses.reduce((sum, v) => sum + v, 0) / losses.length;
}

describe.each(['reference', 'cpu', 'webgpu'])('a network of two inputs, on %s', (backend) => {
  // Both are written as float32.
  const near = (found: number, expected: number) =>
    expect(Math.abs(found - expected)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected)));

  test('run takes each under its own name', async () => {
    const result = await archc(...args('run'), '--backend', backend);
    expect([result.stderr, result.code]).toEqual(['', 0]);
    const y = readSafetensors(inFolder('run.safetensors')).tensors.get('y0')!;
    expect(y.shape).toEqual([BATCH, CLASSES, H, W]);
    const expected = logits(weights);
    (y.data as Float32Array).forEach((v, i) => {
      near(v, expected[i]);
    });
  });

  test('grad gives the gradients that finite differences give', async () => {
    const result = await archc(...args('grad'), '--backend', backend);
    expect([result.stderr, result.code]).toEqual(['', 0]);
    const grads = readSafetensors(inFolder('grad.safetensors')).tensors;
    near(data(grads, 'loss')[0], crossEntropy(weights));
    const step = 1e-4;
    for (const [name, tensor] of weights) {
      data(weights, name).forEach((_, i) => {
        const at = (by: number) => {
          const changed = Float64Array.from(tensor.data as Float32Array);
          changed[i] += by;
          return crossEntropy(
            new Map(weights).set(name, { dtype: 'F64', shape: tensor.shape, data: changed }),
          );
        };
        near(data(grads, `g/${name}`)[i], (at(step) - at(-step)) / (2 * step));
      });
    }
  });

  test('fit lowers the loss, from what grad calls the loss', async () => {
    const result = await archc(...args('fit'), '--backend', backend, '--lr', '1e-2', '--json');
    const losses = json(result)['loss'] as number[];
    near(losses[0], crossEntropy(weights));
    expect(losses[1]).toBeLessThan(losses[0]);
  });
});

const spoil: [string, string, (entries: Entries) => void, RegExp][] = [
  [
    'one input missing',
    'missing-input',
    (e) => e.delete('clinical'),
    /no tensor `clinical`, found: image, target[\s\S]*`image` \[B, 2, H, W\], `clinical` \[B, 3\]/,
  ],
  [
    '`x` for one of them',
    'missing-input',
    (e) => {
      e.set('x', e.get('image')!);
      e.delete('image');
    },
    /no tensor `image`, found: clinical, target, x/,
  ],
  [
    'unequal batches',
    'input-batch',
    (e) => e.set('clinical', draw(3, 3)),
    /2 samples in `image`, but 3 in `clinical`/,
  ],
  [
    'one of another size',
    'input-shape',
    (e) => e.set('clinical', draw(2, 4)),
    /`clinical` in .* is \[2, 4\], Two takes \[2, 3\]/,
  ],
  [
    'one without batch',
    'input-shape',
    (e) => e.set('image', float32Tensor([], Float32Array.of(1))),
    /`image` in .* is \[\], expected \[B, 2, H, W\]/,
  ],
  [
    'a NaN in one',
    'input-not-finite',
    (e) => e.set('clinical', float32Tensor([2, 3], new Float32Array(6).fill(Number.NaN, 5))),
    /`clinical` in .* holds NaN/,
  ],
];

test.each(spoil)('a file with %s is refused by run, grad and fit', async (_name, code, change, message) => {
  const entries: Entries = new Map(given);
  change(entries);
  writeSafetensors(inFolder('bad.safetensors'), entries);
  const before = tree(folder);
  for (const command of ['run', 'grad', 'fit']) {
    expectError(await archc(...args(command, 'bad'), '--backend', 'reference'), code, message);
  }
  expect(tree(folder)).toEqual(before);
});

test('the one input of a network may have its own name, but not two', async () => {
  const run = (inputs: string, output: string) =>
    archc(
      ...['run', TINY, '--backend', 'reference', '--weights', writeWeights(inFolder('tiny.safetensors'))],
      ...['--input', inputs, '--output', inFolder(output)],
    );
  const x = writeInputs(inFolder('x.safetensors'));
  const image = writeInputs(inFolder('image.safetensors'), (e) => {
    e.set('image', e.get('x')!);
    e.delete('x');
  });
  expect((await run(x, 'by-x.safetensors')).code).toBe(0);
  expect((await run(image, 'by-name.safetensors')).code).toBe(0);
  const results = ['by-x', 'by-name'].map((name) => readSafetensors(inFolder(`${name}.safetensors`)).tensors);
  expect(results[1]).toEqual(results[0]);
  const both = writeInputs(inFolder('both.safetensors'), (e) => e.set('image', e.get('x')!));
  expectError(await run(both, 'not-made'), 'two-names', /both `x` and `image`/);
});

test('train and predict refuse it, name its inputs, and write nothing', async () => {
  const set = writeDataset(inFolder('data'));
  const before = tree(folder);
  const train = await archc('train', TWO, '--data', set, '--output', inFolder('made/run'));
  expectError(train, 'not-2d', /Two takes `image` \[2, 2, 4, 5\], `clinical` \[2, 3\]/);
  const predict = await archc(
    ...['predict', TWO, '--weights', inFolder('w.safetensors'), '--input', join(set, 'imagesTs')],
    ...['--output', inFolder('made/maps')],
  );
  expectError(predict, 'not-2d', /`clinical` \[4, 3\]/);
  expect(tree(folder)).toEqual(before);
});

test('compile names the inputs, and trains with them', async () => {
  const result = await archc('compile', TWO, '--output', inFolder('compiled'), '--json');
  expect(json(result)).toMatchObject({ trains: true });
  const {
    plans: [program],
  } = JSON.parse(readFileSync(inFolder('compiled/program.json'), 'utf8')) as StoredProgram;
  expect(program.tensors.filter((t) => t.kind === 'input').map((t) => t.name)).toEqual([
    ...['image', 'clinical', 'target', 'hyper'],
  ]);
  expect(Object.keys(program.entries)).toEqual(['forward', 'gradients', 'update', 'loss']);
});
