import { describe, expect, it } from 'vitest';
import type { AugmentSpec } from '../../recipe/augmentations.ts';
import { Random } from '../../recipe/random.ts';
import type { LabelledSlice, Slice } from '../case.ts';
import { everyAugmentation } from '../testing.ts';
import { flip, rotate90 } from './geometry.ts';
import { augmentedWindow } from './index.ts';
import { adjustBrightness, adjustContrast } from './intensity.ts';

/** Two channels whose values tell where a pixel was; the label equals channel 0. */
function numbered(height: number, width: number): LabelledSlice {
  const plane = height * width;
  const image = Float32Array.from({ length: 2 * plane }, (_, i) => (i < plane ? i : -(i - plane)));
  return { channels: 2, height, width, image, label: Int32Array.from({ length: plane }, (_, i) => i) };
}

/** The whole slice as its window. */
function augment<S extends Slice>(slice: S, specs: readonly AugmentSpec[], random: Random): S {
  const { height, width } = slice;
  return augmentedWindow(slice, { top: 0, left: 0, height, width }, specs, random);
}

/** Image and label moved together. */
function consistent({ image, label }: LabelledSlice): boolean {
  return label.every((value, i) => image[i] === value && image[label.length + i] === -value);
}

describe('geometry', () => {
  // 0 1 2
  // 3 4 5
  const slice = numbered(2, 3);

  it('mirrors rows or columns', () => {
    expect([...flip(slice, 'vertical').label]).toEqual([3, 4, 5, 0, 1, 2]);
    expect([...flip(slice, 'horizontal').label]).toEqual([2, 1, 0, 5, 4, 3]);
  });

  it('rotates counter-clockwise', () => {
    const once = rotate90(slice, 1);
    expect([once.height, once.width, ...once.label]).toEqual([3, 2, 2, 5, 1, 4, 0, 3]);
    expect([...rotate90(slice, 2).label]).toEqual([5, 4, 3, 2, 1, 0]);
    expect(rotate90(slice, 3)).toEqual(rotate90(once, 2));
    expect(rotate90(slice, -1)).toEqual(rotate90(slice, 3));
    expect(rotate90(rotate90(slice, 3), 1)).toEqual(slice);
  });

  it('moves every channel and the label alike', () => {
    for (const moved of [flip(slice, 'vertical'), flip(slice, 'horizontal'), rotate90(slice, 1)]) {
      expect(consistent(moved)).toBe(true);
    }
  });
});

describe('intensity', () => {
  const slice: LabelledSlice = {
    channels: 2,
    height: 1,
    width: 3,
    image: Float32Array.of(0, 1, 5, 1, 2, 3),
    label: Int32Array.of(0, 1, 2),
  };

  it('multiplies channels', () => {
    expect([...adjustBrightness(slice, [2, 1]).image]).toEqual([0, 2, 10, 1, 2, 3]);
    expect(() => adjustBrightness(slice, [2])).toThrow(RangeError);
  });

  it('stretches channels about their mean, within their range', () => {
    expect([...adjustContrast(slice, [0.5, 1]).image]).toEqual([1, 1.5, 3.5, 1, 2, 3]);
    expect([...adjustContrast(slice, [2, 1]).image]).toEqual([0, 0, 5, 1, 2, 3]);
  });

  it('leaves the given slice as it was', () => {
    expect([...slice.image]).toEqual([0, 1, 5, 1, 2, 3]);
  });
});

describe('augment', () => {
  const geometryOnly = [{ kind: 'flips' }, { kind: 'rotations90' }] as const;

  it('does nothing unless asked', () => {
    const slice = numbered(2, 3);
    expect(augment(slice, [], Random.stream(1))).toEqual(slice);
  });

  it('does the same whatever the order', () => {
    const run = (specs: readonly AugmentSpec[]) => augment(numbered(4, 4), specs, Random.stream(2, 'x'));
    expect(run([...everyAugmentation].reverse())).toEqual(run(everyAugmentation));
  });

  it('reaches all eight orientations of a square, and the four that keep a rectangle', () => {
    const orientations = (slice: LabelledSlice) => {
      const seen = new Set<string>();
      for (let i = 0; i < 200; i++) {
        const result = augment(slice, geometryOnly, Random.stream(1, i));
        expect([result.height, result.width, consistent(result)]).toEqual([slice.height, slice.width, true]);
        seen.add(result.label.join());
      }
      return seen.size;
    };
    expect(orientations(numbered(3, 3))).toBe(8);
    expect(orientations(numbered(2, 3))).toBe(4);
  });

  it('depends on the random stream alone', () => {
    const run = () => augment(numbered(4, 4), everyAugmentation, Random.stream(2, 'x'));
    expect(run()).toEqual(run());
  });

  it('changes the intensity of as many channels as it says, by factors within the range', () => {
    const specs = [{ kind: 'brightness', range: 0.75, probability: 0.25, channels: undefined }] as const;
    const one = { ...numbered(1, 1), image: Float32Array.of(1, 1) };
    const factors = Array.from({ length: 1000 }, (_, i) => [
      ...augment(one, specs, Random.stream(3, i)).image,
    ]).flat();
    const changed = factors.filter((factor) => factor !== 1);
    expect(Math.min(...changed)).toBeGreaterThanOrEqual(0.25);
    expect(Math.max(...changed)).toBeLessThan(1.75);
    // 2000 draws at 1/4: mean 500, standard deviation 19.4.
    expect(Math.abs(changed.length - 500)).toBeLessThan(78);
  });
});
