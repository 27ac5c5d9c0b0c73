import { describe, expect, it } from 'vitest';
import { Random } from '../recipe/random.ts';
import type { LabelledSlice } from './case.ts';
import { annotatedWindow, crop, foregroundWindow, randomWindow, type Window } from './crop.ts';
import { targetOf } from './target.ts';
import { classTarget } from './testing.ts';

function slice(height: number, width: number, label = new Int32Array(height * width)): LabelledSlice {
  const image = Float32Array.from({ length: 2 * height * width }, (_, i) => i + 1);
  return { channels: 2, height, width, image, label };
}

describe('crop', () => {
  const source = slice(
    3,
    4,
    Int32Array.from({ length: 12 }, (_, i) => i + 1),
  );

  it('cuts every channel and the label', () => {
    const cut = crop(source, 1, 2, 2, 2);
    expect([...cut.image]).toEqual([7, 8, 11, 12, 19, 20, 23, 24]);
    expect([...cut.label]).toEqual([7, 8, 11, 12]);
    expect([cut.height, cut.width]).toEqual([2, 2]);
  });

  it('is 0 beyond the image on every side', () => {
    expect([...crop(source, -1, -1, 2, 2).label]).toEqual([0, 0, 0, 1]);
    expect([...crop(source, 2, 3, 2, 2).label]).toEqual([12, 0, 0, 0]);
    expect([...crop(source, 5, 9, 1, 2).image]).toEqual([0, 0, 0, 0]);
    const around = crop(source, -1, -1, 5, 6);
    expect([...around.label.subarray(6, 12)]).toEqual([0, 1, 2, 3, 4, 0]);
    expect(crop(around, 1, 1, 3, 4)).toEqual(source);
  });
});

const cut = (slice: LabelledSlice, { top, left, height, width }: Window) =>
  crop(slice, top, left, height, width);

describe('randomWindow', () => {
  it('stays inside the image and reaches all of it', () => {
    const source = slice(5, 4);
    const corners = new Set<number>();
    for (let i = 0; i < 200; i++) {
      const { image } = cut(source, randomWindow(source, 3, 2, Random.stream(1, i)));
      expect(image.includes(0)).toBe(false);
      corners.add(image[0]);
    }
    // 3 rows × 3 columns where a window may start.
    expect([...corners].sort((a, b) => a - b)).toEqual([1, 2, 3, 5, 6, 7, 9, 10, 11]);
  });

  it('centres and pads an image that is smaller', () => {
    const source = slice(1, 2, Int32Array.of(1, 2));
    expect([...cut(source, randomWindow(source, 2, 5, Random.stream(2))).label]).toEqual([
      0, 1, 2, 0, 0, 0, 0, 0, 0, 0,
    ]);
  });

  it('shows foreground when told to, each class alike however rare', () => {
    const label = new Int32Array(40 * 40);
    label.fill(1, 0, 200);
    label[1599] = 2;
    const source = slice(40, 40, label);
    let second = 0;
    for (let i = 0; i < 400; i++) {
      const { label: seen } = cut(
        source,
        foregroundWindow(source, 5, 5, Random.stream(3, i), classTarget(3)),
      );
      expect(seen.some((value) => value !== 0)).toBe(true);
      if (seen.includes(2)) second++;
    }
    // Binomial of 400 at 1/2: standard deviation 10.
    expect(Math.abs(second - 200)).toBeLessThan(40);
  });

  it('takes any window where there is no foreground', () => {
    expect(foregroundWindow(slice(4, 4), 2, 2, Random.stream(4), classTarget(3)).height).toBe(2);
  });

  it('shows each region alike, also those that lie in one another', () => {
    const label = new Int32Array(40 * 40);
    label.fill(1, 0, 200);
    label[1599] = 2;
    const regions = [
      { name: 'both', classes: [1, 2] },
      { name: 'rare', classes: [2] },
    ];
    const source = slice(40, 40, label);
    let rare = 0;
    for (let i = 0; i < 400; i++) {
      const window = foregroundWindow(source, 5, 5, Random.stream(5, i), targetOf(regions, 3));
      if (cut(source, window).label.includes(2)) rare++;
    }
    // A half, and of the other half one of 201: standard deviation 10.
    expect(Math.abs(rare - 201)).toBeLessThan(40);
  });

  it('is around a pixel that is annotated, where some are and some are not', () => {
    const label = new Int32Array(40 * 40).fill(-1);
    label[0] = 0;
    label[1599] = 0;
    const source = slice(40, 40, label);
    const corners = new Set<number>();
    for (let i = 0; i < 40; i++) {
      const random = Random.stream(6, i);
      // There is no foreground either.
      const { top, left } =
        i % 2
          ? annotatedWindow(source, 5, 5, random)
          : foregroundWindow(source, 5, 5, random, classTarget(3));
      expect(top).toBe(left);
      corners.add(top);
    }
    expect([...corners].sort((a, b) => a - b)).toEqual([0, 35]);
    const none = slice(9, 9, new Int32Array(81).fill(-1));
    expect(annotatedWindow(none, 5, 5, Random.stream(6)).height).toBe(5);
  });
});
