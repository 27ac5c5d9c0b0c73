import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readNifti } from '../../src/data/nifti.ts';
import { readLabelMap, readPng, writeLabelMap, writePng } from '../../src/data/png.ts';
import { readMetadata, readSafetensors, writeSafetensors } from '../../src/tensors/safetensors.ts';
import { archc, expectError, json, type Result, temporaryFolder, tree } from './archc.ts';
import { disc, TINY, writeDataset, writeDatasetJson, writeImage, writeWeights } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const ONE = ['--set', 'in_channels=1', '--set', 'classes=2'];

/** A small scan that stands in for any NIfTI volume: 36×48×37 voxels of 1.25×1.25×2.5 mm. */
const SCAN = 'tests/fixtures/metrics/hippocampus_045_gt.nii.gz';

const weights = writeWeights(inFolder('w.safetensors'));
const grey = inFolder('grey.safetensors');
await archc('compile', TINY, ...ONE, '--output', inFolder('compiled'));
cpSync(inFolder('compiled/weights.safetensors'), grey);

const predict = (input: string, output: string, w: string, ...more: string[]) =>
  archc('predict', TINY, '--weights', w, '--input', inFolder(input), '--output', inFolder(output), ...more);
const remarks = (result: Result) => result.stderr.split('\n').filter((line) => line.startsWith('data: '));

/** Grey images of a disc, whose label maps hold 0 and 255. */
function writeMasks(path: string): void {
  for (const [part, ids] of [
    ['Tr', ['a', 'b']],
    ['Ts', ['c']],
  ] as const) {
    for (const [seed, id] of ids.entries()) {
      const { image, label } = disc(20, 18, seed);
      const data = Uint8Array.from({ length: 360 }, (_, i) => image[i * 3]);
      writePng(join(path, `images${part}`, `${id}_0000.png`), {
        width: 20,
        height: 18,
        channels: 1,
        depth: 8,
        data,
      });
      const mask = label.map((v) => (v > 0 ? 255 : 0));
      writeLabelMap(join(path, `labels${part}`, `${id}.png`), { width: 20, height: 18, data: mask });
    }
  }
  const labels = { background: 0, nucleus: 255 };
  writeDatasetJson(path, { channel_names: { '0': 'CT' }, labels, numTraining: 2 });
}

test('labels 0 and 255: what is trained on them predicts and is evaluated in the same values', async () => {
  const data = inFolder('masks');
  writeMasks(data);
  const run = inFolder('run');
  const args = ['train', TINY, ...ONE, '--data', data, '--output', run, '--steps', '3', '--test', '--json'];
  const trained = await archc(...args);
  expect(trained.code).toBe(0);
  const values = (path: string) => [...new Set(readLabelMap(path).data)].sort((a, b) => a - b);
  const prediction = readLabelMap(join(run, 'predictions/c.png'));
  const predicted = await predict('masks/imagesTs', 'maps', join(run, 'weights.safetensors'), ...ONE);
  expect(predicted.code).toBe(0);
  expect(readLabelMap(inFolder('maps/c.png'))).toEqual(prediction);
  expect(values(join(data, 'labelsTs/c.png'))).toEqual([0, 255]);
  expect(values(inFolder('maps/c.png'))).toEqual([0, 255]);
  const evaluated = await archc(
    ...[
      'evaluate',
      '--predictions',
      inFolder('maps'),
      '--truth',
      join(data, 'labelsTs'),
      '--data',
      data,
      '--json',
    ],
  );
  const { dsc } = json(evaluated) as { dsc: Record<string, number> };
  const metrics = JSON.parse(readFileSync(join(run, 'metrics.json'), 'utf8')) as Record<string, unknown>;
  expect(dsc['nucleus']).toBeCloseTo(metrics['dsc'] as number, 12);
  expect(readMetadata(join(run, 'weights.safetensors'))['trained_on']).toBe(
    JSON.stringify({
      channels: ['CT'],
      classes: [
        { name: 'background', value: 0 },
        { name: 'nucleus', value: 255 },
      ],
      pixels: [1, 1],
    }),
  );
  // Maps of class ids, as weights give them that say nothing of their data, are not this truth's values.
  const ids = prediction.data.map((value) => (value > 0 ? 1 : 0));
  writeLabelMap(inFolder('ids/c.png'), { ...prediction, data: ids });
  const other = await archc(
    ...['evaluate', '--predictions', inFolder('ids'), '--truth', join(data, 'labelsTs'), '--data', data],
  );
  expectError(other, 'label-values', /ids\/c\.png: holds 1 in .*\n.*predict with weights of a run/);

  // The channel's type is said once by each command, and kept.
  const remark = /^data: channel 0 \(CT\) is z-scored case by case, where nnU-Net clips it/;
  for (const result of [trained, predicted]) {
    expect(remarks(result)).toEqual([expect.stringMatching(remark)]);
  }
  expect(metrics['data_remarks']).toEqual([expect.stringContaining('channel 0 (CT)')]);
  expect(json(trained)['remarks']).toEqual(metrics['data_remarks']);
});

test('weights that lie about their classes are refused', async () => {
  const { tensors } = readSafetensors(grey);
  for (const lie of ['{', '{"channels": [], "classes": [{"name": "a", "value": 0}]}', '[]', 'null']) {
    const path = inFolder('lie.safetensors');
    writeSafetensors(path, tensors, { trained_on: lie });
    expectError(await predict('masks/imagesTs', 'not-made', path, ...ONE), 'bad-metadata', /trained_on/);
  }
});

test('a folder of NIfTI volumes is read without being told, and what is not used is said', async () => {
  for (const id of ['h', 'k']) cpSync(SCAN, inFolder(`scans/${id}_0000.nii.gz`));
  const result = await predict('scans', 'scan-maps', grey, ...ONE, '--json');
  expect(result.code).toBe(0);
  expect(tree(inFolder('scan-maps'))).toEqual(['h.nii.gz', 'k.nii.gz']);
  const { shape, spacing } = readNifti(inFolder('scan-maps/h.nii.gz'));
  expect([shape, spacing]).toEqual([
    [37, 48, 36],
    [2.5, 1.25, 1.25],
  ]);
  const slices = 'volumes are cut into slices along z, the third axis of their files (2.5 mm apart)';
  expect(remarks(result)).toEqual([`data: ${slices}`]);
  expect(json(result)['remarks']).toEqual([slices]);
});

test('images without channel numbers are cases of their own, which is said', async () => {
  cpSync(SCAN, inFolder('plain/scan.nii.gz'));
  const result = await predict('plain', 'plain-maps', grey, ...ONE);
  expect(result.code).toBe(0);
  expect(tree(inFolder('plain-maps'))).toEqual(['scan.nii.gz']);
  expect(remarks(result)[0]).toMatch(/no name has a channel number \(_0000\): each file is a case/);
  writeImage(inFolder('photos/leaf.png'), 18, 20, 1);
  expect((await predict('photos', 'photo-maps', weights)).code).toBe(0);
  expect(tree(inFolder('photo-maps'))).toEqual(['leaf.png']);
});

const folders: [string, string, (path: string) => void, RegExp][] = [
  [
    'two kinds of images',
    'mixed-images',
    (path) => {
      writeImage(join(path, 'a_0000.png'), 18, 20, 1);
      cpSync(SCAN, join(path, 'h_0000.nii.gz'));
    },
    /holds 1 \.png and 1 \.nii\.gz images\n.*--ending \.png or \.nii\.gz/,
  ],
  [
    'a year for a channel',
    'bad-dataset',
    (path) => writeImage(join(path, 'leaf_2024.png'), 18, 20, 1),
    /leaf_0000\.png: missing, while leaf_2024\.png is there\n.*rename to leaf_2024_0000\.png/,
  ],
  [
    'images of another kind',
    'no-images',
    (path) => {
      mkdirSync(path);
      writeFileSync(join(path, 'leaf.jpg'), '');
    },
    /holds no \.png, \.nii\.gz, \.nii, \.tif, \.tiff image\n.*it holds leaf\.jpg; convert them/,
  ],
  [
    'a whole data set',
    'no-images',
    (path) => writeDataset(path),
    /holds no .* image\n.*imagesTr or .*imagesTs/,
  ],
];

test.each(folders)('predict on a folder with %s says what to do', async (name, code, make, message) => {
  make(inFolder(name));
  expectError(await predict(name, 'not-made', weights), code, message);
});

test('--ending picks one of two kinds', async () => {
  const result = await predict('two kinds of images', 'picked', weights, '--ending', '.png');
  expect([result.code, tree(inFolder('picked'))]).toEqual([0, ['a.png']]);
});

test('an empty imagesTs, or one that is no test set, stops only the test', async () => {
  const data = writeDataset(inFolder('no-test'));
  rmSync(join(data, 'imagesTs'), { recursive: true });
  mkdirSync(join(data, 'imagesTs'));
  const train = (output: string, ...more: string[]) =>
    archc('train', TINY, '--data', data, '--output', inFolder(output), '--steps', '1', ...more);
  expect((await train('trained-1')).code).toBe(0);
  expectError(await train('not-made', '--test'), 'no-test-images', /imagesTs/);
  writeImage(join(data, 'imagesTs/z_0000.png'), 18, 20, 1);
  expect((await train('trained-2')).code).toBe(0);
  expectError(await train('not-made', '--test'), 'bad-dataset', /labelsTs\/z\.png: missing/);
  const evaluated = await archc(
    ...[
      'evaluate',
      '--predictions',
      join(data, 'labelsTr'),
      '--truth',
      join(data, 'labelsTr'),
      '--data',
      data,
    ],
  );
  expect(evaluated.code).toBe(0);
});

test('spacings that differ, and another axis that is coarser, are said by train', async () => {
  const data = inFolder('volumes');
  for (const id of ['h', 'k']) {
    cpSync(SCAN, join(data, `imagesTr/${id}_0000.nii.gz`));
    cpSync(SCAN, join(data, `labelsTr/${id}.nii.gz`));
  }
  // The second volume's header with other voxel sizes: pixdim[1..3] of NIfTI-1 stand at byte 80.
  const bytes = gunzipSync(readFileSync(SCAN));
  for (const [axis, size] of [2, 1, 1].entries()) bytes.writeFloatLE(size, 80 + 4 * axis);
  for (const name of ['imagesTr/k_0000.nii.gz', 'labelsTr/k.nii.gz']) {
    writeFileSync(join(data, name), gzipSync(bytes));
  }
  const labels = { background: 0, anterior: 1, posterior: 2 };
  const info = { channel_names: { '0': 'T1' }, labels, numTraining: 2, file_ending: '.nii.gz' };
  writeDatasetJson(data, info);
  const result = await archc(
    ...['train', TINY, '--set', 'in_channels=1', '--data', data, '--output', inFolder('volume-run')],
    ...['--steps', '1'],
  );
  expect(result.code).toBe(0);
  expect(remarks(result)).toEqual([
    'data: volumes are cut into slices along z, the third axis of their files (1 to 2.5 mm apart), though another axis is coarser in 1 of 2 volumes',
    'data: pixels of 1 to 2 mm are all taken for the same size: spacing is not used, nothing is resampled',
  ]);

  // Images of another size of pixels than those trained on.
  const scans = await predict(
    'scans',
    'other',
    inFolder('volume-run/weights.safetensors'),
    '--set',
    'in_channels=1',
  );
  expect(remarks(scans)[1]).toBe(
    'data: pixels of 1.25 mm, and those trained on of 1 to 2 mm, are all taken for the same size: spacing is not used, nothing is resampled',
  );

  // Its pictures show the slice with most foreground.
  for (const name of ['images', 'labels'])
    cpSync(join(data, `${name}Tr`), join(data, `${name}Ts`), { recursive: true });
  const tested = await archc(
    ...['train', TINY, '--set', 'in_channels=1', '--data', data, '--output', inFolder('volume-test')],
    ...['--steps', '1', '--test'],
  );
  expect(tested.code).toBe(0);
  expect(tree(inFolder('volume-test')).filter((name) => name.endsWith('.png'))).toEqual([
    ...['overview.png', 'pictures/h.png', 'pictures/k.png'],
  ]);
  // A row of 48×36 pixels, drawn 5 times larger, with its title; two of them below one line of column titles.
  const { height, width } = readPng(inFolder('volume-test/overview.png'));
  expect([height, width]).toEqual([6 + 16 + 6 + 2 * (16 + 6 + 240 + 6), 3 * 180 + 4 * 6]);
  const truth = readNifti(SCAN);
  const plane = 48 * 36;
  const counts = Array.from({ length: 37 }, (_, z) =>
    truth.data.subarray(z * plane, (z + 1) * plane).reduce((n, v) => n + (v > 0 ? 1 : 0), 0),
  );
  const shown = counts.indexOf(Math.max(...counts));
  const { data: pixels } = readPng(inFolder('volume-test/pictures/h.png'));
  // In the truth's panel what is coloured is that slice's foreground.
  const coloured = Array.from({ length: plane }, (_, i) => {
    const [y, x] = [50 + 5 * Math.floor(i / 36), 6 + 186 + 5 * (i % 36)];
    const start = (y * width + x) * 3;
    return pixels[start] !== pixels[start + 2] ? 1 : 0;
  });
  const label = truth.data.subarray(shown * plane, (shown + 1) * plane);
  expect(coloured).toEqual(Array.from(label, (v) => (v > 0 ? 1 : 0)));
  renameSync(join(data, 'dataset.json'), join(data, 'old.json'));
  const asked = await archc('train', TINY, '--data', data, '--output', inFolder('not-made'));
  expectError(asked, 'file-not-found', /"labels": \{"background": 0, "label_1": 1, "label_2": 2\}/);
});
