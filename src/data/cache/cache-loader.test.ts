import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { SafetensorsFile } from '../../tensors/safetensors-file.ts';
import { openDataset } from '../dataset.ts';
import type { WindowBatch } from '../loader.ts';
import { planFor } from '../planning/plan.ts';
import { DEFAULT_MEMORY } from '../planning/plan-2d.ts';
import { datasets, expectedPlans } from '../planning/testing.ts';
import { classTarget, everyAugmentation } from '../testing.ts';
import { CacheLoader } from './cache-loader.ts';
import { OpenCases } from './open-cases.ts';
import { preprocessDataset } from './preprocess-dataset.ts';
import { type CachedCase, PreprocessedDataset } from './preprocessed-dataset.ts';

const folder = mkdtempSync(join(tmpdir(), 'cache-loader-'));
afterAll(() => rmSync(folder, { recursive: true }));

const NAME = 'Dataset900_Anisotropic';
const raw = openDataset(datasets[NAME]);
preprocessDataset(raw, planFor(raw, expectedPlans[NAME], '', DEFAULT_MEMORY), folder);
const dataset = new PreprocessedDataset(folder);
const all = [...dataset.cases.keys()];
const options = { seed: 3, batch: 3, height: 8, width: 10, augment: [], target: classTarget(3) };

/** Every slice of the cache, with its case. */
const slices = all.flatMap((index) => {
  const opened = dataset.open(index);
  const found = Array.from({ length: opened.record.shape[0] }, (_, z) => ({ index, z, ...opened.slice(z) }));
  opened.close();
  return found;
});

/** Where the window of sample b comes from: real images have no two alike. */
function originOf({ x, height, width }: WindowBatch, b: number) {
  const window = x.subarray(b * height * width, (b + 1) * height * width);
  for (const slice of slices) {
    for (let top = 0; top + height <= slice.height; top++) {
      for (let left = 0; left + width <= slice.width; left++) {
        const same = (i: number) =>
          window[i] === slice.image[(top + Math.floor(i / width)) * slice.width + left + (i % width)];
        if (same(0) && window.every((_, i) => same(i))) return { ...slice, top, left };
      }
    }
  }
  return undefined;
}

describe('CacheLoader', () => {
  it('gives windows of slices with their labels; the last third shows foreground, of all classes alike', () => {
    const loader = new CacheLoader(dataset, all, options);
    const { height, width } = options;
    const [seen, centres] = [new Map<number, number>(), new Map<number, number>()];
    const places = new Set<string>();
    for (let step = 0; step < 60; step++) {
      const batch = loader.at(step);
      expect([batch.x.length, batch.target.length]).toEqual([3 * 80, 3 * 80]);
      for (let b = 0; b < 3; b++) {
        const origin = originOf(batch, b);
        if (!origin) throw new Error(`step ${step}: sample ${b} is no window of a slice`);
        const { index, z, top, left, label } = origin;
        const rows = Array.from(
          { length: 80 },
          (_, i) => (top + Math.floor(i / width)) * origin.width + left + (i % width),
        );
        expect([...batch.target.subarray(b * 80, (b + 1) * 80)]).toEqual(rows.map((at) => label[at]));
        seen.set(index, (seen.get(index) ?? 0) + 1);
        places.add(`${index} ${z}`);
        if (b < 2) continue;
        const shown = batch.target.subarray(b * 80, (b + 1) * 80);
        expect(shown.some((value) => value > 0)).toBe(true);
        const inside = top > 0 && left > 0 && top + height < origin.height && left + width < origin.width;
        if (!inside) continue;
        const centre = shown[(height / 2) * width + width / 2];
        centres.set(centre, (centres.get(centre) ?? 0) + 1);
      }
    }
    loader.close();
    expect([...seen.keys()].sort()).toEqual(all);
    expect(places.size).toBeGreaterThan(100);
    // Never the background; the two classes as often, but for chance: of n, a half with a deviation of √n / 2.
    expect([...centres.keys()].sort()).toEqual([1, 2]);
    const n = centres.get(1)! + centres.get(2)!;
    expect(n).toBeGreaterThan(20);
    expect(Math.abs(centres.get(1)! - n / 2)).toBeLessThan(2 * Math.sqrt(n));
  });

  it('answers for any step alike, whatever was asked for before, and otherwise for another seed', () => {
    const every = { ...options, augment: everyAugmentation };
    const loader = new CacheLoader(dataset, all, every);
    const batches = Array.from({ length: 6 }, (_, step) => loader.at(step));
    const again = new CacheLoader(dataset, all, every);
    for (const step of [5, 0, 3]) expect(again.at(step)).toEqual(batches[step]);
    expect(batches[0]).not.toEqual(batches[1]);
    expect(new CacheLoader(dataset, all, { ...every, seed: 4 }).at(0)).not.toEqual(batches[0]);
    expect([loader.seed, loader.batch, loader.samples]).toEqual([3, 3, 8]);
    loader.close();
    // It may be used again: files are opened as they are needed.
    expect(loader.at(2)).toEqual(batches[2]);
    loader.close();
    again.close();
  });

  it('draws from the cases that it is given alone', () => {
    const loader = new CacheLoader(dataset, [2, 5], options);
    const found = new Set<number | undefined>();
    for (let step = 0; step < 8; step++)
      for (let b = 0; b < 3; b++) found.add(originOf(loader.at(step), b)?.index);
    expect([...found].sort()).toEqual([2, 5]);
    loader.close();
  });

  it('centres and pads where slices are smaller than windows', () => {
    const loader = new CacheLoader(dataset, [0], { ...options, height: 64, width: 64 });
    const { x, target } = loader.at(0);
    const [, height, width] = dataset.cases[0].shape;
    const [top, left] = [Math.floor((64 - height) / 2), Math.floor((64 - width) / 2)];
    const z = slices.filter(({ index }) => index === 0);
    const outside = (i: number) => {
      const [y, c] = [Math.floor((i % 4096) / 64) - top, (i % 64) - left];
      return y < 0 || y >= height || c < 0 || c >= width;
    };
    expect(x.every((value, i) => !outside(i) || value === 0)).toBe(true);
    expect(target.every((value, i) => !outside(i) || value === 0)).toBe(true);
    const first = x.subarray(top * 64 + left, top * 64 + left + width);
    expect(z.some(({ image }) => first.every((value, i) => value === image[i]))).toBe(true);
    loader.close();
  });

  it('reads the slices that it shows, a place for each that is to show foreground, and headers', () => {
    const loader = new CacheLoader(dataset, all, options);
    const read = vi.spyOn(SafetensorsFile.prototype, 'bytes');
    try {
      for (let step = 0; step < 10; step++) loader.at(step);
      const sizes = read.mock.calls.map(([begin, end]) => end - begin);
      const largest = Math.max(...slices.map(({ image }) => image.length));
      // Images are float32, labels int8, places uint32: three slices a batch, and one place.
      expect(sizes.length).toBe(10 * (3 * 2 + 1));
      expect(Math.max(...sizes)).toBeLessThanOrEqual(4 * largest);
      expect(sizes.filter((size) => size === 4).length).toBe(10);
    } finally {
      read.mockRestore();
      loader.close();
    }
  });
});

it('of many cases those used last stay open', () => {
  const open = new Set<number>();
  let [most, opened] = [0, 0];
  const many = {
    open: (index: number) => {
      open.add(index);
      opened++;
      most = Math.max(most, open.size);
      return { close: () => open.delete(index) } as unknown as CachedCase;
    },
  } as unknown as PreprocessedDataset;
  const cases = new OpenCases(many);
  for (let i = 0; i < 500; i++) {
    cases.case(i);
    expect(open.has(i)).toBe(true);
    cases.case(0);
  }
  // One more while another takes its place; the one that is always used is opened once.
  expect(most).toBeLessThanOrEqual(65);
  expect(opened).toBe(500);
  cases.close();
  expect(open.size).toBe(0);
});

it.each([true, false])(
  'the outside is 0 after augmentation where normalisation left it out: %s',
  (masked) => {
    const label = Int32Array.from({ length: 64 }, (_, i) => (i % 3 === 0 ? -1 : 0));
    const slice = { channels: 1, height: 8, width: 8, image: new Float32Array(64).fill(2), label };
    const one = {
      plan: { channels: ['MR'], normalisation: [{ kind: 'zscore', masked }] },
      open: () => ({ record: { shape: [1, 8, 8] }, foreground: [], slice: () => slice, close: () => {} }),
    } as unknown as PreprocessedDataset;
    const noise = { kind: 'gaussian_noise', deviation: 1, probability: 1 } as const;
    const size = { seed: 1, batch: 1, height: 8, width: 8 };
    const loader = new CacheLoader(one, [0], { ...size, augment: [noise], target: classTarget(1) });
    const { x, target } = loader.at(0);
    expect(target).toEqual(label);
    x.forEach((value, i) => {
      expect(value === 0).toBe(masked && label[i] < 0);
    });
  },
);

it('where voxels may be ignored, windows are around those that are not; what is ignored is no outside', () => {
  const label = Int32Array.from({ length: 64 }, (_, i) => (i === 9 ? 1 : i < 20 ? -2 : i < 30 ? -1 : 0));
  const slice = { channels: 1, height: 8, width: 8, image: new Float32Array(64).fill(2), label };
  const places: Record<string, number> = { 'foreground.1': 9, annotated: 54 };
  const one = {
    plan: { channels: ['MR'], normalisation: [{ kind: 'zscore', masked: true }] },
    open: () => ({
      ...{ record: { shape: [1, 8, 8] }, foreground: ['foreground.1'], annotated: 'annotated' },
      ...{ placeCount: () => 1, place: (name: string) => places[name] },
      ...{ slice: () => slice, close: () => {} },
    }),
  } as unknown as PreprocessedDataset;
  const size = { seed: 1, batch: 2, height: 3, width: 3, oversampleForeground: 0.5 };
  const { x, target } = new CacheLoader(one, [0], { ...size, augment: [], target: classTarget(2) }).at(0);
  const around = (row: number, column: number) =>
    [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => label[(row + dy) * 8 + column + dx]));
  const shown = [...around(6, 6), ...around(1, 1)];
  expect([...target]).toEqual(shown.map((id) => Math.max(id, -1)));
  expect([...x]).toEqual(shown.map((id) => (id === -1 ? 0 : 2)));
});
