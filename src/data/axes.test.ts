import { expect, it } from 'vitest';
import { type AxisOrder, coarsestFirst, inverseOf, permuted, transposed } from './axes.ts';

const volume = (...spacing: [number, number, number]) => ({ shape: [4, 5, 6] as const, spacing });

it('the coarsest axis comes first, by the median; z where they are alike', () => {
  expect(coarsestFirst([volume(1, 1, 1)])).toEqual([0, 1, 2]);
  expect(coarsestFirst([volume(2, 1, 1)])).toEqual([0, 1, 2]);
  expect(coarsestFirst([volume(1, 3, 1)])).toEqual([1, 0, 2]);
  expect(coarsestFirst([volume(1, 1, 3)])).toEqual([2, 0, 1]);
  // Headers are rounded: this is one spacing. Of two that are coarser alike the first is taken.
  expect(coarsestFirst([volume(1, 1.0005, 1)])).toEqual([0, 1, 2]);
  expect(coarsestFirst([volume(1, 3, 3.001)])).toEqual([1, 0, 2]);
  expect(coarsestFirst([volume(5, 1, 1), volume(1, 1, 3), volume(1, 1, 3)])).toEqual([2, 0, 1]);
});

it('images are no volumes', () => {
  const image = { shape: [1, 5, 6] as const, spacing: [1, 1, 9] as const };
  expect(coarsestFirst([image, image, volume(2, 1, 1)])).toEqual([0, 1, 2]);
  expect(coarsestFirst([image])).toEqual([0, 1, 2]);
  expect(coarsestFirst([])).toEqual([0, 1, 2]);
});

it.each([[[0, 1, 2]], [[1, 0, 2]], [[2, 0, 1]], [[1, 2, 0]]] as [AxisOrder][])(
  'the order %j is undone by its inverse',
  (order) => {
    const values = Int32Array.from({ length: 24 }, (_, i) => i);
    const turned = transposed(values, [2, 3, 4], order);
    const shape = permuted([2, 3, 4], order);
    // The voxel 1, 2, 3 of z, y, x is the last one in any order; 0, 0, 1 is one step along x.
    expect(turned[23]).toBe(23);
    const strides = [shape[1] * shape[2], shape[2], 1];
    expect(turned[strides[order.indexOf(2)]]).toBe(1);
    expect(transposed(turned, shape, inverseOf(order))).toEqual(values);
  },
);
