import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import linear from '../../../tests/fixtures/nnunet/resampling-linear.json' with { type: 'json' };
import type { Shape } from './nonzero.ts';
import { coarseAxis, resampleImage, resampleLabels, resampleLinear } from './resample.ts';
import { nnunet } from './testing.ts';

interface Resized {
  readonly shape: Shape;
  readonly new_shape: Shape;
  readonly coarse: number | null;
  readonly image: readonly number[];
  readonly label: readonly number[];
  readonly resized_image: readonly number[];
  readonly resized_label: readonly number[];
}

const { cases } = JSON.parse(readFileSync(`${nnunet}/resampling.json`, 'utf8')) as {
  readonly cases: readonly Resized[];
};

test.each(cases.map((c) => [c.shape, c.new_shape, c.coarse, c] as const))(
  '%j to %j, coarse axis %s',
  (...args) => {
    const c = args[3];
    const to = { shape: c.new_shape, coarse: c.coarse ?? undefined };
    const image = resampleImage(Float32Array.from(c.image), c.shape, to);
    // Both are float64 rounded to float32, of numbers up to 10.
    expect(Math.max(...image.map((value, i) => Math.abs(value - c.resized_image[i])))).toBeLessThan(2e-6);
    expect(image.length).toBe(c.resized_image.length);
    expect([...resampleLabels(Int32Array.from(c.label), c.shape, to)]).toEqual(c.resized_label);
  },
);

test('what keeps its size is not touched', () => {
  const image = Float32Array.of(1, 2, 3, 4);
  expect(resampleImage(image, [1, 2, 2], { shape: [1, 2, 2], coarse: undefined })).toBe(image);
});

test('the coarse axis is that of the case, else that of the target', () => {
  expect(coarseAxis([4, 1, 1], [1, 1, 1])).toBe(0);
  expect(coarseAxis([1, 3.1, 1], [9, 1, 1])).toBe(1);
  expect(coarseAxis([3, 1, 1], [3.1, 1, 1])).toBe(0);
  expect(coarseAxis([3, 1, 1], [3, 1, 1])).toBeUndefined();
  expect(coarseAxis([4, 4, 1], [1, 1, 1])).toBeUndefined();
});

test.each(linear.cases)('maps of $size at $new_size, coarse along $coarse', (c) => {
  const [from, to] = [c.size, c.new_size] as unknown as [[number, number], [number, number]];
  const found = resampleLinear(Float32Array.from(c.maps), from, to, c.coarse ?? undefined);
  expect(found.length).toBe(c.resampled.length);
  // Float32 of values up to 10, and 7 decimals of the reference.
  for (const [i, value] of c.resampled.entries()) expect(Math.abs(found[i] - value)).toBeLessThan(2e-6);
});
