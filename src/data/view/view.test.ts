import { expect, it } from 'vitest';
import { GrowingHistogram } from './histogram.ts';
import { directionsOf, edgesOf } from './orientation.ts';
import { slicesToShow } from './survey.ts';

it('letters say where D, H, W grow, whatever the order and the signs of the axes', () => {
  const ras = [
    [2, 0, 0, 5],
    [0, 2, 0, 5],
    [0, 0, 3, 5],
  ];
  expect(directionsOf(ras)).toEqual(['S', 'A', 'R']);
  const lps = ras.map((row, i) => row.map((value, k) => (k === i && i < 2 ? -value : value)));
  expect(directionsOf(lps)).toEqual(['S', 'P', 'L']);
  // Columns in another order: x of the voxels grows towards superior, y towards left, z towards posterior.
  const turned = [
    [0, -1, 0, 0],
    [0, 0, -1, 0],
    [1, 0, 0, 0],
  ];
  expect(directionsOf(turned)).toEqual(['P', 'L', 'S']);
  // Oblique: each axis of voxels has one of space, also where two of them follow the same one most.
  const oblique = [
    [0.8, 0.75, 0, 0],
    [-0.6, 0.66, 0, 0],
    [0, 0, 1, 0],
  ];
  expect(directionsOf(oblique)).toEqual(['S', 'A', 'R']);
  expect(directionsOf(undefined)).toBeUndefined();
  expect(directionsOf(ras.map(() => [0, 0, 0, 0]))).toBeUndefined();
});

it('the sides of a slice follow from its rows and columns', () => {
  const sides = edgesOf(['S', 'P', 'L'], [0, 1, 2]);
  expect(sides).toEqual({ top: 'A', bottom: 'P', left: 'R', right: 'L' });
  // Slices across x: rows are z, columns y.
  expect(edgesOf(['S', 'P', 'L'], [2, 0, 1])).toEqual({ top: 'I', bottom: 'S', left: 'A', right: 'P' });
});

it('a histogram counts every value once, whatever comes first', () => {
  const values = Float32Array.from({ length: 5000 }, (_, i) => ((i * 7919) % 5000) / 10 - 100);
  const label = Int32Array.from(values, (value) => (value > 200 ? 2 : 0));
  const histogram = new GrowingHistogram();
  histogram.add(values.subarray(0, 10), label.subarray(0, 10));
  histogram.add(values.subarray(10), label.subarray(10));
  histogram.add(Float32Array.of(1e5), Int32Array.of(0));
  const { start, width, background, foreground } = histogram.result()!;
  expect(background.length).toBeLessThanOrEqual(64);
  for (const [i, count] of background.entries()) {
    const inside = (value: number) => value >= start + i * width && value < start + (i + 1) * width;
    const here = [...values, 1e5].filter(inside);
    expect(here.length).toBe(count + foreground[i]);
    expect(foreground[i]).toBe(here.filter((value) => value > 200 && value < 1e5).length);
  }
  expect(background.reduce((a, b) => a + b) + foreground.reduce((a, b) => a + b)).toBe(5001);
  expect(new GrowingHistogram().result()).toBeUndefined();
});

it('a histogram of one value, and of small ones', () => {
  const one = new GrowingHistogram();
  // What is ignored has the id −1.
  one.add(Float32Array.of(7, 7, 7, 90), Int32Array.of(0, 1, 1, -1));
  expect(one.result()).toMatchObject({ background: [1], foreground: [2] });
  const small = new GrowingHistogram();
  small.add(Float32Array.of(0, 1e-6, 2e-6), new Int32Array(3));
  expect(small.result()!.background.length).toBeGreaterThan(20);
});

it('slices are shown where the foreground is', () => {
  expect(slicesToShow([0, 0, 6, 0, 0, 6, 6, 0])).toEqual([2, 5, 6]);
  expect(slicesToShow([0, 9, 0])).toEqual([1]);
  expect(slicesToShow([0, 0, 0, 0, 0, 0])).toEqual([1, 3, 5]);
  expect(slicesToShow([0])).toEqual([0]);
});
