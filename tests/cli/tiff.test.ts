import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readImage, readLabels } from '../../src/data/image.ts';
import { readPng } from '../../src/data/png.ts';
import { encodeTiff } from '../../src/data/tiff/encode.ts';
import { archc, expectError, json, temporaryFolder, tree } from './archc.ts';
import { TINY, writeDataset, writeDatasetJson, writeTinyPlan } from './tiny.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder, name);

/** The same data set twice: as PNG, and each of its files as TIFF. */
const png = writeDataset(inFolder('png'));
const tif = writeDataset(inFolder('tif'));
for (const name of readdirSync(tif, { recursive: true, encoding: 'utf8' })) {
  const path = join(tif, name);
  if (!name.endsWith('.png')) continue;
  const { width, height, channels, data } = readPng(path);
  const page = { width, height, channels: channels as 1 | 3, bits: 8, float: false, predictor: 1 } as const;
  writeFileSync(
    path.replace('.png', '.tif'),
    encodeTiff([{ ...page, compression: 8, data: deflateSync(data) }]),
  );
  rmSync(path);
}
writeDatasetJson(tif, { file_ending: '.tif' });

test('trains, predicts and tests on TIFF files as on PNG files', async () => {
  for (const data of [png, tif]) {
    const run = ['--data', data, '--output', `${data}-run`, '--steps', '3', '--test'];
    const { code, stderr } = await archc('train', TINY, ...run);
    expect(code, stderr).toBe(0);
    const predicted = await archc(
      'predict',
      `${data}-run`,
      '--input',
      join(data, 'imagesTs'),
      '--output',
      `${data}-out`,
    );
    expect(predicted.code, predicted.stderr).toBe(0);
  }
  const weights = (data: string) => readFileSync(`${data}-run/weights.safetensors`);
  expect(weights(tif).equals(weights(png))).toBe(true);
  expect(tree(`${tif}-out`)).toEqual(['e.tif', 'f.tif']);
  for (const id of ['e', 'f']) {
    const expected = readLabels(`${png}-out/${id}.png`).data;
    expect(readLabels(`${tif}-out/${id}.tif`).data).toEqual(expected);
    expect(readImage(`${tif}-run/predictions/${id}.tif`).channels).toBe(1);
  }
  const dsc = async (data: string) => {
    const [predictions, truth] = [`${data}-out`, join(data, 'labelsTs')];
    return json(
      await archc('evaluate', '--predictions', predictions, '--truth', truth, '--data', data, '--json'),
    )['dsc'];
  };
  expect(await dsc(tif)).toEqual(await dsc(png));
});

test('verifies and preprocesses them', async () => {
  expect(json(await archc('data', 'verify', tif, '--json'))).toMatchObject({
    ok: true,
    images: 6,
    labels: 6,
    problems: [],
  });
  for (const data of [png, tif]) {
    const plan = writeTinyPlan(`${data}-plan.json`, data);
    const { code, stderr } = await archc(
      'data',
      'preprocess',
      data,
      '--plan',
      plan,
      '--output',
      `${data}-cache`,
    );
    expect(code, stderr).toBe(0);
  }
  const shapes = (data: string) =>
    (
      JSON.parse(readFileSync(`${data}-cache/cache.json`, 'utf8')) as { cases: { shape: number[] }[] }
    ).cases.map(({ shape }) => shape);
  expect(shapes(tif)).toEqual(shapes(png));
});

test('a volume of several pages, with its spacing beside it', async () => {
  const data = inFolder('volume');
  writeDataset(data);
  for (const name of ['imagesTr', 'labelsTr', 'imagesTs', 'labelsTs'])
    for (const file of readdirSync(join(data, name))) rmSync(join(data, name, file));
  const page = {
    width: 6,
    height: 5,
    channels: 1,
    bits: 8,
    float: false,
    compression: 1,
    predictor: 1,
  } as const;
  const pages = (value: (i: number) => number) =>
    encodeTiff(
      [0, 1, 2].map((z) => ({ ...page, data: Uint8Array.from({ length: 30 }, (_, i) => value(i + z)) })),
    );
  writeFileSync(
    join(data, 'imagesTr/v_0000.tiff'),
    pages((i) => 3 * i),
  );
  writeFileSync(
    join(data, 'labelsTr/v.tiff'),
    pages((i) => i % 3),
  );
  rmSync(join(data, 'imagesTs'), { recursive: true });
  writeDatasetJson(data, { file_ending: '.tiff', numTraining: 1, channel_names: { '0': 'x' } });
  const verify = async () => json(await archc('data', 'verify', data, '--json'));
  expect((await verify())['problems']).toMatchObject([{ kind: 'no-spacing', severity: 'warning' }]);
  writeFileSync(join(data, 'imagesTr/v.json'), '{"spacing": [4, 0.5, 0.5]}');
  expect((await verify())['problems']).toMatchObject([{ kind: 'spacing' }]);
  writeFileSync(join(data, 'labelsTr/v.json'), '{"spacing": [4, 0.5, 0.5]}');
  expect((await verify())['problems']).toEqual([]);
  const plan = json(await archc('data', 'plan', data, '--json'));
  expect(plan).toMatchObject({ original_median_spacing: [4, 0.5, 0.5], original_median_shape: [3, 5, 6] });
  writeFileSync(join(data, 'labelsTr/v.tiff'), pages(() => 0).subarray(0, 50));
  expectError(await archc('data', 'plan', data), 'bad-tiff', /v\.tiff: is truncated/, /get the file again/);
});
