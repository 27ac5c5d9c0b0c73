import { expect, test } from 'vitest';
import { packed, packLength, roundUp } from './packing.ts';

test('packed tensors start at multiples of 64 elements, in order, without gaps beyond that', () => {
  expect(packed([21, 64, 1, 65])).toEqual({ starts: [0, 64, 128, 192], length: 320 });
  expect(packed([])).toEqual({ starts: [], length: 0 });
  expect(packLength([[3, 7], [], [64]])).toBe(192);
});

test('rounding up leaves multiples as they are', () => {
  expect([0, 1, 16, 17].map((n) => roundUp(n, 16))).toEqual([0, 16, 16, 32]);
});
