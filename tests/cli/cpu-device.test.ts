import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSafetensors } from '../../src/tensors/safetensors.ts';
import { toFloat32 } from '../../src/tensors/tensor.ts';
import { archc, expectError, json, temporaryFolder, tree } from './archc.ts';
import { TINY, writeDataset, writeInputs, writeWeights } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const weights = writeWeights(inFolder('weights.safetensors'));
const inputs = writeInputs(inFolder('inputs.safetensors'));
const data = writeDataset(inFolder('data'));
const tensors = ['--weights', weights, '--input', inputs];

async function succeed(...args: string[]) {
  const result = await archc(...args);
  expect(result.code, result.stderr).toBe(0);
  return result;
}

/** A command's results by their names. */
async function resultsOf(command: string, name: string, ...more: string[]) {
  const output = inFolder(`${name}.safetensors`);
  await succeed(command, TINY, ...tensors, '--output', output, ...more);
  const found = [...readSafetensors(output).tensors];
  return new Map(found.map(([key, tensor]) => [key, toFloat32(tensor)]));
}

/** Largest difference, as a share of the largest value. */
function deviation(actual: Float32Array, expected: Float32Array): number {
  const largest = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 1e-6);
  return expected.reduce((most, v, i) => Math.max(most, Math.abs(v - actual[i])), 0) / largest;
}

// As on WebGPU (tests/parity): f32 sums in another order than the reference.
const commands: readonly [command: string, more: readonly string[], tolerance: number][] = [
  ['run', [], 1e-4],
  ['grad', [], 1e-4],
  ['fit', ['--steps', '3'], 1e-3],
];

test.each(commands)('%s on the CPU agrees with the reference', async (command, more, tolerance) => {
  const expected = await resultsOf(command, `${command}-reference`, '--backend', 'reference', ...more);
  for (const how of [[], ['--deterministic'], ['--threads', '1']]) {
    const actual = await resultsOf(command, `${command}-cpu`, '--backend', 'cpu', ...how, ...more);
    expect([...actual.keys()]).toEqual([...expected.keys()]);
    for (const [name, values] of expected)
      expect(deviation(actual.get(name)!, values), `${name} ${how.join(' ')}`).toBeLessThan(tolerance);
  }
});

test('results on the CPU do not depend on the number of threads', async () => {
  for (const how of [[], ['--deterministic']]) {
    const on = (threads: string) =>
      resultsOf('fit', `fit-${threads}`, '--steps', '3', '--backend', 'cpu', '--threads', threads, ...how);
    expect(await on('1')).toEqual(await on('2'));
  }
});

test('a network is trained on the CPU, and predicts there; which device it was is said', async () => {
  const run = inFolder('run');
  const trained = await succeed(
    ...[
      'train',
      TINY,
      '--data',
      data,
      '--output',
      run,
      '--steps',
      '3',
      '--backend',
      'cpu',
      '--threads',
      '2',
      '--json',
    ],
  );
  expect(json(trained)).toMatchObject({
    steps: 3,
    adapter: expect.stringMatching(/^CPU, 2 threads, (relaxed )?SIMD$/),
  });
  const predicted = await succeed(
    ...['predict', run, '--input', join(data, 'imagesTs'), '--output', inFolder('maps')],
    ...['--adapter', 'cpu', '--deterministic', '--threads', '1', '--json'],
  );
  expect(json(predicted)).toMatchObject({ backend: 'CPU, 1 thread, deterministic' });
  expect(tree(inFolder('maps'))).toEqual(tree(join(data, 'labelsTs')));
});

const output = ['--output', inFolder('none')];
const run = ['run', TINY, ...tensors, ...output];
const train = ['train', TINY, '--data', data, ...output];
const refused: readonly [what: string, args: readonly string[], code: string, message: RegExp][] = [
  ['no threads', [...run, '--threads', '0'], 'bad-value', /--threads must be a whole number from 1 to 16/],
  ['half a thread', [...run, '--threads', '1.5'], 'bad-value', /whole number/],
  ['more threads than there may be', [...run, '--threads', '17'], 'bad-value', /from 1 to 16/],
  [
    'the same bits on WebGPU',
    [...run, '--deterministic', '--backend', 'webgpu'],
    'bad-value',
    /WebGPU was chosen/,
  ],
  [
    'the same bits on an adapter',
    [...train, '--deterministic', '--adapter', 'lavapipe'],
    'bad-value',
    /lavapipe was/,
  ],
  [
    'threads of the reference',
    [...run, '--threads', '2', '--backend', 'reference'],
    'bad-value',
    /the reference was/,
  ],
  ['two devices', [...run, '--backend', 'cpu', '--adapter', 'gpu'], 'bad-adapter', /--backend is cpu/],
  ['training by the reference', [...train, '--backend', 'reference'], 'bad-value', /auto, cpu, webgpu/],
  [
    'half precision',
    [...run, '--backend', 'cpu', '--precision', 'f16'],
    'adapter-features',
    /which cpu does not have/,
  ],
];

test.each(refused)('%s is refused', async (_what, args, code, message) => {
  const before = tree(folder);
  expectError(await archc(...args), code, message);
  expect(tree(folder)).toEqual(before);
});
