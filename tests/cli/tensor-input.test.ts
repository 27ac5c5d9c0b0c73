import { copyFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { writeSafetensors } from '../../src/tensors/safetensors.ts';
import { float32Tensor, type Tensor } from '../../src/tensors/tensor.ts';
import { type FixtureInfo, setArguments } from '../parity/fixture.ts';
import { archc, expectError, expectFailure, json, temporaryFolder, tree } from './archc.ts';
import { type Entries, TINY, TINY_CHOSEN, writeInputs, writeWeights } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const weights = writeWeights(inFolder('weights.safetensors'));
const inputs = writeInputs(inFolder('inputs.safetensors'));
const output = inFolder('out/result.safetensors');

const files = (command: string, w: string, i: string, o = output) => [
  ...[command, TINY, '--backend', 'reference'],
  ...['--weights', w, '--input', i, '--output', o],
  ...(command === 'fit' ? ['--steps', '2'] : []),
];

// Nothing is written by any command that is refused, neither the output nor a temporary file or folder.
afterEach(() => {
  expect(existsSync(inFolder('out'))).toBe(false);
  expect(tree(folder).filter((name) => name.includes('.tmp'))).toEqual([]);
});

const f32 = (...shape: number[]) => float32Tensor(shape, new Float32Array(shape.reduce((n, d) => n * d, 1)));

const badWeights: [string, (entries: Entries) => void, RegExp[]][] = [
  ['a missing tensor', (e) => e.delete('head.bias'), [/missing: head\.bias \[3\]/]],
  ['an extra tensor', (e) => e.set('tail.bias', f32(3)), [/unexpected: tail\.bias/]],
  [
    'a tensor of another shape',
    (e) => e.set('head.bias', f32(4)),
    [/shape: head\.bias is \[4\], the model has \[3\]/],
  ],
  [
    'integers',
    (e) => e.set('head.bias', { dtype: 'I32', shape: [3], data: new Int32Array(3) }),
    [/type: head\.bias holds I32, expected floating point/],
  ],
  [
    'a NaN',
    (e) => e.set('head.bias', float32Tensor([3], Float32Array.of(0, Number.NaN, 0))),
    [/value: head\.bias holds NaN/],
  ],
  [
    'a float64 beyond float32',
    (e) => e.set('head.bias', { dtype: 'F64', shape: [3], data: Float64Array.of(1e300, 0, 0) }),
    [/value: head\.bias holds Infinity/],
  ],
  [
    'several of these, with the nearest name',
    (e) => {
      e.set('stem.wieght', e.get('stem.weight') as Tensor);
      e.delete('stem.weight');
      e.set('head.bias', f32(1, 3));
    },
    [
      /missing: stem\.weight \[8, 3, 3, 3\] \(the file has stem\.wieght\)/,
      /unexpected: stem\.wieght/,
      /shape: head\.bias is \[1, 3\]/,
    ],
  ],
];

test.each(badWeights)('weights with %s are refused', async (_name, change, messages) => {
  const path = writeWeights(inFolder('bad.safetensors'), change);
  for (const command of ['run', 'grad', 'fit']) {
    expectError(await archc(...files(command, path, inputs)), 'weights-mismatch', ...messages);
  }
  const compiledTo = inFolder('compiled');
  const compiled = await archc('compile', TINY, '--weights', path, '--output', compiledTo);
  expectError(compiled, 'weights-mismatch', ...messages);
  expect(existsSync(compiledTo)).toBe(false);
});

test('weights that torch.save wrote are taken, whatever the file is called', async () => {
  const fixture = (name: string) =>
    fileURLToPath(new URL(`../fixtures/checkpoints/${name}`, import.meta.url));
  const { config } = JSON.parse(readFileSync(fixture('config.json'), 'utf8')) as {
    config: FixtureInfo['config'];
  };
  const sets = setArguments(config);
  const x = float32Tensor(
    [1, 3, 64, 64],
    Float32Array.from({ length: 12288 }, (_, i) => Math.sin(i)),
  );
  writeSafetensors(inFolder('x.safetensors'), [['x', x]]);
  copyFileSync(fixture('vmamba-zip.pth'), inFolder('zip'));
  copyFileSync(fixture('vmamba-legacy.pth'), inFolder('legacy.model'));
  const run = async (w: string) => {
    const y = inFolder('torch-out.safetensors');
    const given = ['--weights', w, '--input', inFolder('x.safetensors'), '--output', y];
    const result = await archc('run', 'vmamba', ...sets, '--backend', 'reference', ...given);
    expect([result.code, result.stderr]).toEqual([0, '']);
    return readFileSync(y);
  };
  const expected = await run(fixture('vmamba.safetensors'));
  for (const w of [fixture('vmamba-zip.pth'), inFolder('zip'), inFolder('legacy.model')]) {
    expect(await run(w)).toEqual(expected);
  }
  const hostile = ['--weights', fixture('hostile.pth'), '--input', inFolder('x.safetensors')];
  expectError(await archc('run', 'vmamba', ...sets, ...hostile, '--output', output), 'unsafe-pickle');
});

test('weights of another model of the file are refused', async () => {
  const path = writeWeights(inFolder('narrow.safetensors'), undefined, `${TINY}:Narrow`);
  const result = await archc(...files('run', path, inputs));
  expectError(result, 'weights-mismatch', /stem\.weight is \[4, 3, 3, 3\], the model has \[8, 3, 3, 3\]/);
});

test('half precision and float64 weights are taken', async () => {
  const halves = (entries: Entries) => {
    entries.set('head.bias', { dtype: 'F16', shape: [3], data: Uint16Array.of(0x3c00, 0, 0xbc00) });
    entries.set('stem.bias', { dtype: 'F64', shape: [8], data: new Float64Array(8) });
  };
  const path = writeWeights(inFolder('half.safetensors'), halves);
  const result = await archc(...files('run', path, inputs, inFolder('half-out.safetensors')));
  expect([result.code, result.stderr]).toEqual([0, TINY_CHOSEN]);
});

const noTensors: [string, string, () => string, RegExp][] = [
  [
    'a missing file',
    'file-not-found',
    () => inFolder('none'),
    /none: no such file; expected a safetensors file/,
  ],
  ['a folder', 'not-a-file', () => folder, /is a folder/],
  [
    'a text file',
    'bad-safetensors',
    () => {
      writeFileSync(inFolder('text.safetensors'), 'weights are elsewhere');
      return inFolder('text.safetensors');
    },
    /text\.safetensors/,
  ],
  [
    'a truncated file',
    'bad-safetensors',
    () => {
      const path = writeWeights(inFolder('cut.safetensors'));
      truncateSync(path, readFileSync(path).length - 10);
      return path;
    },
    /truncated/,
  ],
];

test.each(noTensors)('%s is refused as weights and as input', async (_name, code, path, message) => {
  expectError(await archc(...files('run', path(), inputs)), code, message);
  expectError(await archc(...files('grad', weights, path())), code, message);
});

const x = (...shape: number[]) => ['x', f32(...shape)] as const;
const target = (data: Int32Array, ...shape: number[]) =>
  ['target', { dtype: 'I32', shape, data } as Tensor] as const;
const firstTarget = (value: number) => target(new Int32Array(512).fill(value, 0, 1), 2, 16, 16);

const badInputs: [string, string, string, (entries: Entries) => void, RegExp][] = [
  ['no x', 'run', 'missing-input', (e) => e.delete('x'), /no tensor `x`, found: target/],
  ['a scalar x', 'run', 'input-shape', (e) => e.set(...x()), /batch/],
  ['an empty batch', 'run', 'input-shape', (e) => e.set(...x(0, 3, 16, 16)), /\[0, 3, 16, 16\]/],
  [
    'x of another size',
    'run',
    'input-shape',
    (e) => e.set(...x(2, 3, 16, 15)),
    /Tiny takes \[2, 3, 16, 16\]/,
  ],
  ['x without batch', 'run', 'input-shape', (e) => e.set(...x(3, 16, 16)), /is \[3, 16, 16\]/],
  [
    'a NaN in x',
    'run',
    'input-not-finite',
    (e) => e.set('x', float32Tensor([1, 3, 16, 16], new Float32Array(768).fill(Number.NaN, 700, 701))),
    /NaN/,
  ],
  ['no target', 'grad', 'missing-target', (e) => e.delete('target'), /no tensor `target`/],
  [
    'target of another shape',
    'grad',
    'target-shape',
    (e) => e.set(...target(new Int32Array(512), 2, 1, 16, 16)),
    /is \[2, 1, 16, 16\], expected \[2, 16, 16\]/,
  ],
  ['a class id too large', 'fit', 'label-range', (e) => e.set(...firstTarget(3)), /holds 3.*0 to 2/],
  ['a negative class id', 'fit', 'label-range', (e) => e.set(...firstTarget(-2)), /holds -2/],
  [
    'class ids that are no whole numbers',
    'grad',
    'label-range',
    (e) => e.set('target', float32Tensor([2, 16, 16], new Float32Array(512).fill(0.5))),
    /holds 0\.5/,
  ],
];

test.each(badInputs)('an input with %s is refused', async (_name, command, code, change, message) => {
  const path = writeInputs(inFolder('bad-inputs.safetensors'), change);
  const result = await archc(...files(command, weights, path));
  expectError(result, code, message);
  const again = await archc(...files(command, weights, path), '--json');
  expect(again.code).toBe(2);
  expect(json(again)).toMatchObject({ ok: false, error: { code } });
});

test('an output that can not be written is refused before the work', async () => {
  mkdirSync(inFolder('a-folder'), { recursive: true });
  const before = tree(folder);
  const none = inFolder('no-weights');
  // The weights are missing, too: the output is looked at first.
  const inFile = await archc(...files('run', none, inputs, join(weights, 'out.safetensors')));
  expectError(inFile, 'cannot-write', /weights\.safetensors is a file, not a folder/);
  expectError(
    await archc(...files('fit', none, inputs, inFolder('a-folder'))),
    'cannot-write',
    /it is a folder/,
  );
  expect(tree(folder)).toEqual(before);
});

test('missing folders of an output are made', async () => {
  const path = inFolder('new/folders/y.safetensors');
  expect((await archc(...files('run', weights, inputs, path))).code).toBe(0);
  expect(tree(inFolder('new'))).toEqual(['folders/', 'folders/y.safetensors']);
});

test('an output that exists stays as it was where a command is refused or fails', async () => {
  const path = inFolder('kept.safetensors');
  writeSafetensors(path, [['kept', f32(1)]]);
  const before = readFileSync(path);
  await archc(...files('run', inFolder('none'), inputs, path));
  const huge = writeWeights(inFolder('huge.safetensors'), (e) => {
    e.set('stem.weight', float32Tensor([8, 3, 3, 3], new Float32Array(216).fill(1e30)));
    e.set(
      'head.weight',
      float32Tensor(
        [3, 8, 1, 1],
        Float32Array.from({ length: 24 }, (_, i) => (i < 8 ? 1e30 : -1e30)),
      ),
    );
  });
  const onDevice = ['--backend', 'webgpu'];
  for (const backend of [[], ['--backend', 'cpu'], onDevice]) {
    const result = await archc(...files('run', huge, inputs, path), ...backend);
    expectFailure(result, 'result-not-finite', /y0 holds/, /nothing was written/);
  }
  const grad = await archc(...files('grad', huge, inputs, path), ...onDevice);
  expectFailure(grad, 'loss-not-finite', /the loss is/);
  const fit = await archc(...files('fit', huge, inputs, path), ...onDevice);
  expectFailure(fit, 'loss-not-finite', /step 1/);
  expect(readFileSync(path)).toEqual(before);
});
