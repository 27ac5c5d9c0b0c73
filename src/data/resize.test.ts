import { describe, expect, it } from 'vitest';
import { resizeBilinear, resizeToCover } from './resize.ts';

const slice = (
  height: number,
  width: number,
  value: (y: number, x: number, c: number) => number,
  channels = 1,
) => ({
  channels,
  height,
  width,
  image: Float32Array.from({ length: channels * height * width }, (_, i) =>
    value(Math.floor(i / width) % height, i % width, Math.floor(i / (height * width))),
  ),
});

describe('resizeBilinear', () => {
  it('interpolates between pixel centres, and repeats the border', () => {
    const { image } = resizeBilinear(
      slice(1, 2, (_, x) => 8 * x),
      1,
      4,
    );
    expect([...image]).toEqual([0, 2, 6, 8]);
  });

  it('keeps what is constant, in every channel and at any size', () => {
    for (const [h, w] of [
      [3, 17],
      [20, 2],
      [1, 1],
    ]) {
      const { image, channels } = resizeBilinear(
        slice(7, 5, (_y, _x, c) => c + 0.5, 3),
        h,
        w,
      );
      expect(channels).toBe(3);
      image.forEach((v, i) => {
        expect(v).toBeCloseTo(Math.floor(i / (h * w)) + 0.5, 6);
      });
    }
  });

  it('lets every pixel count where it shrinks', () => {
    // Triangle of radius 4 about the middle of 8 pixels: the weights of a lone pixel, 1 − distance / 4, sum to 4.
    const { image } = resizeBilinear(
      slice(1, 16, (_, x) => (x === 6 ? 1 : 0)),
      1,
      4,
    );
    // Centres at 2, 6, 10, 14; the pixel's own at 6.5.
    expect(image[1]).toBeCloseTo((1 - 0.5 / 4) / 4, 6);
    expect(image[2]).toBeCloseTo((1 - 3.5 / 4) / 4, 6);
    expect([image[0], image[3]]).toEqual([0, 0]);
  });

  it('keeps a slope, rows as columns', () => {
    const { image } = resizeBilinear(
      slice(8, 8, (y, x) => 10 * y + x),
      4,
      4,
    );
    // Inside, away from the border, the mean of symmetric neighbours.
    expect(image[1 * 4 + 1]).toBeCloseTo(10 * 2.5 + 2.5, 5);
    expect(image[2 * 4 + 1]).toBeCloseTo(10 * 4.5 + 2.5, 5);
  });
});

it('resizeToCover keeps proportions and reaches both sizes', () => {
  const sizeOf = (h: number, w: number, height: number, width: number) => {
    const r = resizeToCover(
      slice(h, w, () => 0),
      height,
      width,
    );
    return [r.height, r.width];
  };
  expect(sizeOf(100, 50, 32, 32)).toEqual([64, 32]);
  expect(sizeOf(10, 40, 32, 16)).toEqual([32, 128]);
  expect(sizeOf(33, 32, 32, 32)).toEqual([33, 32]);
  const same = slice(32, 32, () => 1);
  expect(resizeToCover(same, 32, 32)).toBe(same);
});
