import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../tests/cli/archc.ts';
import type { Executable } from '../backend/backend.ts';
import { readPng } from '../data/png.ts';
import type { ElaboratedModel } from '../language/model.ts';
import { contactSheet } from '../report/contact-sheet.ts';
import { ImageInputs } from './image-inputs.ts';
import { fullestSlice, sliceTitle } from './shown-slices.ts';
import { keptSteps, thinPictures, ValidationPictures, validationPictures } from './validation-pictures.ts';

const upTo = (n: number, by = 1) => Array.from({ length: n }, (_, i) => (i + 1) * by);

test('of many validations a thinned series is kept, the first and the last among it', () => {
  expect(keptSteps([])).toEqual([]);
  expect(keptSteps(upTo(17, 5), 16)).toEqual([5, ...upTo(8, 10), 85]);
  expect(keptSteps(upTo(6), 2)).toEqual([1, 4, 6]);
  for (const n of upTo(300)) {
    const kept = keptSteps(upTo(n), 16);
    expect(kept.length).toBeLessThanOrEqual(18);
    expect(kept.length).toBeGreaterThanOrEqual(Math.min(n, 9));
    expect([kept[0], kept.at(-1)]).toEqual([1, n]);
    // A run that goes on from any earlier validation has all that is kept of the later ones.
    const before = new Set([...keptSteps(upTo(n - 1), 16), n]);
    expect(kept.every((step) => before.has(step))).toBe(true);
  }
});

/** A network of two classes on windows of 2×2, two at once, that predicts class 1 where a pixel is above 0. */
const predictor = {
  inputs: [{ name: 'image', shape: [2, 1, 2, 2] }],
  outputs: [{ value: 0 }],
  graph: { values: [{ shape: [2, 2, 2, 2] }] },
} as unknown as ElaboratedModel;

const inputs = new ImageInputs(predictor, 1, [[0]]);

function device(): Executable {
  let x: Float32Array = new Float32Array();
  const found = {
    write: (_: string, __: string, data: Float32Array) => (x = data),
    run: () => {},
    readOutputs: async () => {
      const logits = new Float32Array(16);
      for (let b = 0; b < 2; b++) logits.set(x.subarray(b * 4, b * 4 + 4), b * 8 + 4);
      return new Map([['prediction', logits]]);
    },
  };
  return found as unknown as Executable;
}

test('a picture shows the image as it is stored, its truth, and the prediction of what the network reads', async () => {
  const folder = temporaryFolder();
  const size = { channels: 1, height: 3, width: 5 };
  const values = upTo(15).map((i) => (i % 4 === 0 ? 1 : -1));
  const label = Int32Array.from(upTo(15), (i) => (i % 5) - 1);
  const image = { ...size, image: Float32Array.from(upTo(15)) };
  const input = { ...size, image: Float32Array.from(values), label };
  const pictures = new ValidationPictures(folder, predictor, [{ id: 'a', title: 'a', input, image }], inputs);
  await pictures.draw(device(), 12);
  expect(validationPictures(folder)).toEqual([
    { file: 'pictures/validation/a_step000012.png', id: 'a', step: 12 },
  ]);
  const prediction = Uint8Array.from(values, (value) => (value > 0 ? 1 : 0));
  const truth = label.map((value) => Math.max(value, 0));
  const found = readPng(join(folder, 'pictures/validation/a_step000012.png'));
  expect(found).toEqual(contactSheet([{ title: 'a, step 12', image, truth, prediction }]));
});

test('of regions the picture shows what is painted', async () => {
  const folder = temporaryFolder();
  const size = { channels: 1, height: 1, width: 4 };
  const image = { ...size, image: Float32Array.from([1, -1, 1, -1]) };
  const label = Int32Array.from([2, 0, 0, -1]);
  const shown = { id: 'a', title: 'a', input: { ...image, label }, image };
  // The first channel has logits of 0, the second those of the pixels.
  await new ValidationPictures(folder, predictor, [shown], inputs, [1, 2]).draw(device(), 1);
  const prediction = Uint8Array.of(2, 0, 2, 0);
  const truth = label.map((value) => Math.max(value, 0));
  const found = readPng(join(folder, 'pictures/validation/a_step000001.png'));
  expect(found).toEqual(contactSheet([{ title: 'a, step 1', image, truth, prediction }]));
});

test('what is beyond a checkpoint goes, and other files stay', () => {
  const folder = temporaryFolder();
  const below = join(folder, 'pictures/validation');
  mkdirSync(below, { recursive: true });
  for (const name of [
    'b_step000005.png',
    'a_step000010.png',
    'a_step000005.png',
    'a_step1000000.png',
    'mine.png',
  ])
    writeFileSync(join(below, name), '');
  expect(validationPictures(folder).map(({ id, step }) => [id, step])).toEqual([
    ...[
      ['a', 5],
      ['a', 10],
      ['a', 1000000],
    ],
    ['b', 5],
  ]);
  thinPictures(folder, [{ step: 5, loss: 1, score: 1 }]);
  expect(readdirSync(below).sort()).toEqual(['a_step000005.png', 'b_step000005.png', 'mine.png']);
  thinPictures(folder, []);
  expect(readdirSync(below)).toEqual(['mine.png']);
  thinPictures(temporaryFolder(), []);
});

test('of a volume the slice with most foreground is shown', () => {
  const labels = [
    [0, 0],
    [1, -1],
    [2, 1],
    [1, 1],
  ];
  expect(fullestSlice(4, (z) => labels[z])).toBe(2);
  expect(fullestSlice(5, () => [0, -1])).toBe(2);
  expect(fullestSlice(1, () => undefined)).toBe(0);
  expect([sliceTitle('a', 0, 1), sliceTitle('a', 2, 5)]).toEqual(['a', 'a, slice 3 of 5']);
});
