import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { transposed } from '../../src/data/axes.ts';
import { readNifti } from '../../src/data/nifti.ts';
import { niftiBytes } from '../../src/data/testing.ts';
import { Random } from '../../src/recipe/random.ts';
import { readSafetensors } from '../../src/tensors/safetensors.ts';
import { archc, expectError, json, temporaryFolder } from './archc.ts';
import { TINY, writeDatasetJson } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const ONE = ['--set', 'in_channels=1'];

/** Slices, rows, columns. */
const shape = [5, 18, 20] as const;
const [depth, height, width] = shape;
const affine = [
  [-1, 0, 0, 3],
  [0, 1, 0, -7],
  [0, 0, 4, 2],
];

/** A volume of noise with a bright ball, and its label: as it is, or with x, y, z in the order y, z, x. */
function write(data: string, id: string, turned: boolean, distance: number, seed: number): void {
  const random = Random.stream(seed, 'ball');
  const label = Float32Array.from({ length: depth * height * width }, (_, i) => {
    const [y, x] = [Math.floor(i / width) % height, i % width];
    return Math.hypot(y - 9, x - 8 - seed) < 5 ? 1 : 0;
  });
  const image = label.map((value) => 100 * value + random.uniform(0, 60));
  for (const [name, values] of [
    [`imagesTr/${id}_0000`, image],
    [`labelsTr/${id}`, label],
  ] as const) {
    const bytes = turned
      ? niftiBytes({
          sizes: [depth, width, height],
          spacing: [distance, 1, 1],
          data: transposed(values, shape, [1, 2, 0]),
        })
      : niftiBytes({ sizes: [width, height, depth], spacing: [1, 1, distance], affine, data: values });
    writeFileSync(join(data, `${name}.nii`), bytes);
  }
}

function dataset(name: string, turned: boolean, distance = 4): string {
  const data = inFolder(name);
  for (const part of ['imagesTr', 'labelsTr', 'imagesTs', 'labelsTs'])
    mkdirSync(join(data, part), { recursive: true });
  for (const [seed, id] of ['a', 'b'].entries()) write(data, id, turned, distance, seed);
  cpSync(join(data, 'imagesTr/a_0000.nii'), join(data, 'imagesTs/a_0000.nii'));
  cpSync(join(data, 'labelsTr/a.nii'), join(data, 'labelsTs/a.nii'));
  const labels = { background: 0, ball: 1, nothing: 2 };
  writeDatasetJson(data, { channel_names: { '0': 'T1' }, labels, numTraining: 2, file_ending: '.nii' });
  return data;
}

const along = dataset('along', false);
const turned = dataset('turned', true);
const train = (data: string, run: string, steps: number, ...more: string[]) =>
  archc(
    ...['train', TINY, ...ONE, '--data', data, '--output', inFolder(run), '--steps', String(steps), ...more],
  );
const weights = (run: string) => readSafetensors(inFolder(`${run}/weights.safetensors`));
const tensors = (run: string) => [...weights(run).tensors].map(([name, { data }]) => [name, data]);
const trainedOn = (run: string) => JSON.parse(weights(run).metadata['trained_on']);

test('volumes are cut across their coarsest axis, wherever it lies in the file', async () => {
  const first = await train(along, 'run-along', 4, '--test');
  expect(first.stderr).toContain(
    'data: volumes are cut into slices along z, the third axis of their files (4 mm apart)\n',
  );
  const second = await train(turned, 'run-turned', 4, '--test');
  expect(second.stderr).toContain(
    'data: volumes are cut into slices along x, the first axis of their files (4 mm apart)\n',
  );
  expect(tensors('run-turned')).toEqual(tensors('run-along'));
  expect(trainedOn('run-along')).not.toHaveProperty('transpose_forward');
  expect(trainedOn('run-turned')).toMatchObject({ transpose_forward: [2, 0, 1], pixels: [1, 1] });
  // The test, whose predictions lie as their image does.
  const metrics = (run: string) => JSON.parse(readFileSync(inFolder(`${run}/metrics.json`), 'utf8')).test;
  expect(metrics('run-turned')).toEqual(metrics('run-along'));
  const labels = (path: string) => readNifti(inFolder(path));
  const [there, back] = ['along', 'turned'].map((name) => labels(`run-${name}/predictions/a.nii`));
  expect(back.shape).toEqual([height, width, depth]);
  expect(there.data.some((value) => value > 0)).toBe(true);
  expect(back.data).toEqual(transposed(there.data, shape, [1, 2, 0]));
  const pictures = ['along', 'turned'].map((name) => readFileSync(inFolder(`run-${name}/overview.png`)));
  expect(pictures[1].equals(pictures[0])).toBe(true);
});

test('predict cuts as the network was trained, older weights along z', async () => {
  const predict = async (run: string, data: string, output: string) => {
    const input = ['--input', join(data, 'imagesTs'), '--output', inFolder(output)];
    const result = await archc('predict', inFolder(run), ...input, '--json');
    expect(result.code, result.stderr).toBe(0);
    return { labels: readNifti(inFolder(`${output}/a.nii`)).data, remarks: json(result)['remarks'] };
  };
  const there = await predict('run-along', along, 'maps-along');
  const back = await predict('run-turned', turned, 'maps-turned');
  expect(back.labels).toEqual(transposed(there.labels, shape, [1, 2, 0]));
  expect(back.remarks).toEqual([expect.stringContaining('along x, the first axis')]);
  // The weights of the other run say nothing of an order, as those from before there was one.
  const old = await predict('run-along', turned, 'maps-old');
  expect(old.labels).not.toEqual(back.labels);
  expect(old.remarks).toEqual([
    expect.stringMatching(/along z, the third axis.*, though another axis is coarser in 1 of 1/),
    expect.anything(),
  ]);
  const both = ['predict', inFolder('run-along'), inFolder('run-turned'), '--input', join(along, 'imagesTs')];
  expectError(
    await archc(...both, '--output', inFolder('both')),
    'ensemble-mismatch',
    /axes 0, 1, 2.*axes 2, 0, 1/,
  );
});

test('a run goes on as it began, also one from before there was a choice', async () => {
  for (const [data, run] of [
    [turned, 'run-resumed'],
    [along, 'run-same'],
  ] as const) {
    await train(data, run, 2);
    expect((await train(data, run, 4, '--resume')).code).toBe(0);
  }
  expect(tensors('run-resumed')).toEqual(tensors('run-same'));

  // A run on voxels of one size goes along z, and does not say so: with the digest of the other data it is an old run on these.
  const cubes = dataset('cubes', true, 1);
  for (const run of ['run-old', 'run-cubes']) await train(cubes, run, 2);
  await train(cubes, 'run-cubes', 4, '--resume');
  const digest = (run: string) =>
    JSON.parse(readFileSync(inFolder(`${run}/run.json`), 'utf8')).data.sha256 as string;
  const path = inFolder('run-old/checkpoint.safetensors');
  const text = readFileSync(path, 'latin1');
  expect(text).toContain(digest('run-old'));
  writeFileSync(path, text.replaceAll(digest('run-old'), digest('run-resumed')), 'latin1');
  const resumed = await train(turned, 'run-old', 4, '--resume');
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(resumed.stderr).toMatch(/along z, the third axis/);
  expect(tensors('run-old')).toEqual(tensors('run-cubes'));
  expect(trainedOn('run-old')).not.toHaveProperty('transpose_forward');
});
