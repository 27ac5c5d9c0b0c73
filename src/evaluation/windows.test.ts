import { describe, expect, it } from 'vitest';
import steps from '../../tests/fixtures/segmentation/steps.json' with { type: 'json' };
import { readSafetensors } from '../tensors/safetensors.ts';
import { toFloat32 } from '../tensors/tensor.ts';
import { gaussianImportance, windowStarts } from './windows.ts';

const { tensors } = readSafetensors('tests/fixtures/segmentation/arrays.safetensors');

describe('windowStarts', () => {
  it.each(steps)(
    'are those of nnU-Net for $image by $tile, step $step',
    ({ image, tile, step, steps: expected }) => {
      expect(image.map((size, axis) => windowStarts(size, tile[axis], step))).toEqual(expected);
    },
  );

  it('refuses an image smaller than the window, and steps outside (0, 1]', () => {
    expect(() => windowStarts(10, 11, 0.5)).toThrow(RangeError);
    expect(() => windowStarts(10, 5, 0)).toThrow(RangeError);
    expect(() => windowStarts(10, 5, 1.5)).toThrow(RangeError);
  });
});

describe('gaussianImportance', () => {
  it.each(['16x24', '64x64', '56x40'])('is nnU-Net’s at %s', (name) => {
    const tensor = tensors.get(`gaussian/${name}`)!;
    const expected = toFloat32(tensor);
    const got = gaussianImportance(tensor.shape);
    const worst = expected.reduce((max, value, i) => Math.max(max, Math.abs(got[i] - value) / value), 0);
    expect(got.length).toBe(expected.length);
    expect(worst).toBeLessThan(1e-5);
  });
});
