import { expect, test } from 'vitest';
import { type Normalisation, normaliseChannel } from './normalisation.ts';

const of = (values: number[], normalisation: Normalisation, mask?: number[]) => [
  ...normaliseChannel([Float32Array.from(values)], normalisation, mask && [Uint8Array.from(mask)])[0],
];

test('each kind does what nnU-Net v2 does', () => {
  expect(of([1, 3], { kind: 'zscore', masked: false })).toEqual([-1, 1]);
  expect(of([7, 7], { kind: 'zscore', masked: false })).toEqual([0, 0]);
  expect(of([-5, 0, 20, 99], { kind: 'ct', low: 0, high: 40, mean: 10, std: 5 })).toEqual([-2, -2, 2, 6]);
  expect(of([2, 4, 3], { kind: 'rescale_0_1' })).toEqual([0, 1, 0.5]);
  expect(of([2, 2], { kind: 'rescale_0_1' })).toEqual([0, 0]);
  expect(of([0, 255, 51], { kind: 'rgb_0_1' })).toEqual([0, 1, Math.fround(0.2)]);
  expect(of([4, -2], { kind: 'none' })).toEqual([4, -2]);
});

test('with a mask, mean and deviation are of the object, and the outside stays', () => {
  expect(of([0, 1, 3, 0], { kind: 'zscore', masked: true }, [0, 1, 1, 0])).toEqual([0, -1, 1, 0]);
  // A hole in the object counts.
  expect(of([0, 2, 0, 2, 0], { kind: 'zscore', masked: true }, [0, 1, 1, 1, 0])).toEqual(
    [0, Math.SQRT1_2, -Math.SQRT2, Math.SQRT1_2, 0].map(Math.fround),
  );
});

test('the parts of a channel are normalised as one', () => {
  const parts = [Float32Array.of(1, 1), Float32Array.of(3, 3)];
  expect(normaliseChannel(parts, { kind: 'zscore', masked: false }).map((p) => [...p])).toEqual([
    [-1, -1],
    [1, 1],
  ]);
});
