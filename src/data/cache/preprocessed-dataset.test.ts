import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { SafetensorsFile } from '../../tensors/safetensors-file.ts';
import { expectedOf, openDataset } from '../dataset.ts';
import { planFor } from '../planning/plan.ts';
import { DEFAULT_MEMORY } from '../planning/plan-2d.ts';
import type { PreprocessedCase } from '../planning/preprocess.ts';
import { preprocessCase } from '../planning/preprocess.ts';
import { datasets, expectedPlans } from '../planning/testing.ts';
import { writeCase } from './case-file.ts';
import { preprocessDataset } from './preprocess-dataset.ts';
import { CachedCase, PreprocessedDataset } from './preprocessed-dataset.ts';

const folder = mkdtempSync(join(tmpdir(), 'cache-'));
afterAll(() => rmSync(folder, { recursive: true }));

const NAME = 'Dataset900_Anisotropic';
const dataset = openDataset(datasets[NAME]);
const plan = planFor(dataset, expectedPlans[NAME], '', DEFAULT_MEMORY);
preprocessDataset(dataset, plan, join(folder, 'cache'));
const cache = new PreprocessedDataset(join(folder, 'cache'));
const placesOf = (opened: CachedCase, name: string) =>
  Array.from({ length: opened.placeCount(name) }, (_, i) => opened.place(name, i));

test('slices, classes and places are those of the preprocessed case', () => {
  const found = preprocessCase(dataset.training[7], expectedOf(dataset), plan);
  const opened = cache.open(7);
  const [depth, height, width] = opened.record.shape;
  expect(cache.plan).toEqual(plan);
  expect(cache.cases[7]).toMatchObject({ id: 'case7', shape: [36, 36, 49] });
  expect(opened.record.geometry).toEqual(found.geometry);
  const plane = height * width;
  for (const z of [0, 17, depth - 1]) {
    const slice = opened.slice(z);
    expect([slice.channels, slice.height, slice.width]).toEqual([1, 36, 49]);
    expect(slice.image).toEqual(found.image[0].subarray(z * plane, (z + 1) * plane));
    expect(slice.label).toEqual(found.label!.subarray(z * plane, (z + 1) * plane));
  }
  expect(opened.foreground).toEqual(['foreground.1', 'foreground.2']);
  for (const [i, name] of opened.foreground.entries()) {
    const all = [...found.label!.keys()].filter((place) => found.label![place] === i + 1);
    expect(placesOf(opened, name)).toEqual(all);
  }
  expect(opened.annotated).toBe(undefined);
  expect(opened.placeCount('foreground.3')).toBe(0);
  expect(() => opened.place('foreground.1', opened.placeCount('foreground.1'))).toThrow(RangeError);
  expect(() => opened.slice(depth)).toThrow(RangeError);
  opened.close();
});

test('of a large class some places are kept, and classes beyond 127 are', () => {
  const shape = [1, 200, 200] as const;
  const found: PreprocessedCase = {
    id: 'large',
    shape,
    image: [0, 1].map((c) => new Float32Array(40_000).map((_, i) => i + c / 2)),
    label: new Int32Array(40_000).map((_, i) => (i < 100 ? -1 : i < 200 ? 0 : i < 203 ? 200 : 1)),
    geometry: {
      transpose: [0, 1, 2],
      spacing: [1, 1, 1],
      original_shape: shape,
      crop_start: [0, 0, 0],
      crop_shape: shape,
      coarse_axis: undefined,
    },
  };
  const path = join(folder, 'large.safetensors');
  const classes = Array.from({ length: 201 }, (_, value) => ({ name: String(value), value }));
  writeCase(path, found, { inputs: '', preprocessing: '' }, { classes });
  const file = new SafetensorsFile(path);
  const opened = new CachedCase(file, { ...found, inputs: '', preprocessing: '', channels: 2 });
  expect(opened.foreground).toEqual(['foreground.1', 'foreground.200']);
  expect(placesOf(opened, 'foreground.200')).toEqual([200, 201, 202]);
  const places = placesOf(opened, 'foreground.1');
  expect(places.length).toBe(10_000);
  expect(places.every((at, i) => found.label![at] === 1 && (i === 0 || at > places[i - 1]))).toBe(true);
  // A quarter of them, evenly: of each half some 5,000, with a deviation of 43.
  const half = places.filter((at) => at < 203 + 39_797 / 2).length;
  expect(Math.abs(half - 5000)).toBeLessThan(300);
  const slice = opened.slice(0);
  expect(slice.label).toEqual(found.label);
  expect(slice.image).toEqual(Float32Array.from([...found.image[0], ...found.image[1]]));
  opened.close();
});

test('what is no cache, or not whole, is refused', () => {
  expect(() => new PreprocessedDataset(join(folder, 'nothing'))).toThrow(
    'not the folder of a preprocessed data set',
  );
  const broken = join(folder, 'broken');
  cpSync(join(folder, 'cache'), broken, { recursive: true });
  cpSync(join(broken, 'cases/case1.safetensors'), join(broken, 'cases/case0.safetensors'));
  expect(() => new PreprocessedDataset(broken).open(0)).toThrow('is not what cache.json tells of');
  cpSync(join(folder, 'large.safetensors'), join(broken, 'cases/case2.safetensors'));
  expect(() => new PreprocessedDataset(broken).open(2)).toThrow('is not what cache.json tells of');
  for (const cases of ['[{}]', '[]']) {
    writeFileSync(join(broken, 'cache.json'), `{"version": 1, "cases": ${cases}}`);
    expect(() => new PreprocessedDataset(broken)).toThrow('is not what `archc data preprocess` writes');
  }
});
