import { describe, expect, it } from 'vitest';
import { type AugmentSpec, augmentations } from '../../recipe/augmentations.ts';
import { Random } from '../../recipe/random.ts';
import { withDefaults } from '../../recipe/setting.ts';
import type { LabelledSlice } from '../case.ts';
import { crop, type Window } from '../crop.ts';
import { channelOf } from '../normalise.ts';
import { augmentedWindow } from './index.ts';
import { adjustGamma } from './intensity.ts';

type Kind = AugmentSpec['kind'];

/** An augmentation with its defaults, but for what is given. */
function spec(kind: Kind, given: Record<string, number> = {}): AugmentSpec {
  return { kind, ...withDefaults(augmentations[kind].args, given) } as AugmentSpec;
}

/** Values from a random stream, and labels 0 to 2. */
function sample(height: number, width: number, channels = 2): LabelledSlice {
  const random = Random.stream(7, height, width);
  return {
    ...{ channels, height, width },
    image: Float32Array.from({ length: channels * height * width }, () => random.uniform(-2, 2)),
    label: Int32Array.from({ length: height * width }, () => random.integer(0, 3)),
  };
}

const whole = ({ height, width }: LabelledSlice): Window => ({ top: 0, left: 0, height, width });
const changed = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).some((v, i) => v !== b[i]);

/** All that can be done, each to every sample. */
const always: readonly AugmentSpec[] = (Object.keys(augmentations) as Kind[]).map((kind) =>
  spec(kind, {
    ...('probability' in augmentations[kind].args && { probability: 1 }),
    ...('channels' in augmentations[kind].args && { channels: 1 }),
    ...('range' in augmentations[kind].args && { range: 0.25 }),
  }),
);

describe('arguments that change nothing', () => {
  it.each([
    spec('rotation', { degrees: 0, probability: 1 }),
    spec('scaling', { low: 1, high: 1, probability: 1 }),
    spec('gaussian_noise', { deviation: 0, probability: 1 }),
    spec('gaussian_blur', { low: 0, high: 0.24, probability: 1, channels: 1 }),
    spec('brightness', { range: 0, probability: 1 }),
    spec('contrast', { range: 0, probability: 1, channels: 1 }),
    spec('low_resolution', { zoom: 1, probability: 1, channels: 1 }),
    spec('gamma', { low: 1, high: 1, probability: 1 }),
    spec('inverted_gamma', { low: 1, high: 1, probability: 1 }),
    ...(Object.keys(augmentations) as Kind[])
      .filter((kind) => 'probability' in augmentations[kind].args)
      .map((kind) => spec(kind, { probability: 0, range: 0.5 })),
  ])('of $kind', (one) => {
    const slice = sample(9, 8);
    const window = { top: -1, left: 2, height: 6, width: 7 };
    for (let i = 0; i < 5; i++) {
      const { image, label } = augmentedWindow(slice, window, [one], Random.stream(1, i));
      const plain = crop(slice, -1, 2, 6, 7);
      expect([...image]).toEqual([...plain.image]);
      expect(label).toEqual(plain.label);
    }
  });
});

describe('all together', () => {
  it('depends on the random stream alone, not on the order, and leaves the slice as it was', () => {
    const slice = sample(12, 12);
    const before = structuredClone(slice);
    const run = (specs: readonly AugmentSpec[]) =>
      augmentedWindow(slice, { top: 2, left: 1, height: 8, width: 8 }, specs, Random.stream(2, 'x'));
    expect(run([...always].reverse())).toEqual(run(always));
    expect(slice).toEqual(before);
  });

  it.each([
    [1, 9, 1, 4],
    [9, 1, 4, 1],
    [1, 1, 1, 1],
    [3, 4, 8, 6],
    [1, 1, 5, 5],
  ])('stays finite with slices of %i×%i and windows of %i×%i', (rows, columns, height, width) => {
    const slice = sample(rows, columns);
    const window = { top: -Math.floor((height - rows) / 2), left: 0, height, width };
    for (let i = 0; i < 20; i++) {
      const { image, label, ...sizes } = augmentedWindow(slice, window, always, Random.stream(3, i));
      expect([sizes.height, sizes.width, image.length, label.length]).toEqual([
        ...[height, width, 2 * height * width, height * width],
      ]);
      expect(image.every(Number.isFinite)).toBe(true);
      expect(label.every((value) => value >= -1 && value <= 2)).toBe(true);
    }
  });

  it('is 0 outside of a mask, which moves with the image', () => {
    const inside = (_: unknown, i: number) => (i % 12 >= 6 ? 1 : 0);
    const mask = Uint8Array.from({ length: 144 }, inside);
    const slice = { ...sample(12, 12), mask, label: Int32Array.from(mask) };
    for (let i = 0; i < 20; i++) {
      const result = augmentedWindow(
        slice,
        { top: 0, left: 0, height: 12, width: 12 },
        always,
        Random.stream(4, i),
      );
      expect(result.mask!.length).toBe(144);
      let [kept, hidden] = [0, 0];
      result.mask!.forEach((value, at) => {
        const values = [result.image[at], result.image[144 + at]];
        if (value === 0) expect(values).toEqual([0, 0]);
        else expect(result.label[at]).toBe(1);
        if (value === 0) hidden++;
        else if (values[0] !== 0) kept++;
      });
      expect(Math.min(kept, hidden)).toBeGreaterThan(10);
    }
  });
});

describe('rotation and scaling', () => {
  const motion = [spec('rotation', { probability: 1 }), spec('scaling', { probability: 1 })];

  it('move image and label alike', () => {
    const label = Int32Array.from({ length: 400 }, (_, i) => (i % 20 > 8 && i > 120 ? 1 : 0));
    const slice = { channels: 1, height: 20, width: 20, image: Float32Array.from(label), label };
    let seen = 0;
    for (let i = 0; i < 50; i++) {
      const window = { top: 4, left: 3, height: 12, width: 12 };
      const moved = augmentedWindow(slice, window, motion, Random.stream(5, i));
      moved.label.forEach((value, at) => {
        // Where all of the weight lies inside, the image is the weight of label 1.
        if (value === -1 || Math.abs(moved.image[at] - 0.5) < 1e-6) return;
        if (value === 0) expect(moved.image[at]).toBeLessThan(0.5);
        else if (moved.image[at] > 0.5) seen++;
        else expect(moved.image[at]).toBeGreaterThan(1 / 3);
      });
    }
    expect(seen).toBeGreaterThan(500);
  });

  it('take what they move into the window from the slice around it', () => {
    const height = 60;
    const plane = height * height;
    const slice = {
      ...{ channels: 1, height, width: height },
      image: new Float32Array(plane).fill(1),
      label: new Int32Array(plane).fill(2),
    };
    for (let i = 0; i < 50; i++) {
      const window = { top: 22, left: 22, height: 16, width: 16 };
      const { image, label } = augmentedWindow(slice, window, motion, Random.stream(6, i));
      // Four weights may miss 1 by the rounding of a double, which float32 does not see.
      expect([...new Set(image)]).toEqual([1]);
      expect([...new Set(label)]).toEqual([2]);
    }
  });

  it('turn long windows by 15° at most, unless an angle is given', () => {
    // A line along the window's long axis leaves its middle row by the sine of the angle.
    const slice = sample(61, 61);
    slice.label.fill(0);
    slice.label.fill(1, 30 * 61, 31 * 61);
    const heights = (height: number, width: number, given: Record<string, number>) => {
      const window = { top: 30 - (height - 1) / 2, left: 30 - (width - 1) / 2, height, width };
      const one = [spec('rotation', { probability: 1, ...given })];
      return Array.from({ length: 60 }, (_, i) => {
        const { label } = augmentedWindow(slice, window, one, Random.stream(8, i));
        const rows = [...label].flatMap((value, at) => (value === 1 ? [Math.floor(at / width)] : []));
        return Math.max(...rows) - Math.min(...rows);
      });
    };
    // 40 · tan 15° = 10.7
    expect(Math.max(...heights(25, 41, {}))).toBeLessThanOrEqual(12);
    expect(Math.max(...heights(25, 41, { degrees: 180 }))).toBe(24);
    // 41 / 29 is below 1.5.
    expect(Math.max(...heights(29, 41, {}))).toBe(28);
  });
});

describe('how often', () => {
  const count = 4000;
  const slice = sample(6, 6);

  /** Shares of the samples, and of the channels of the changed ones, that differ from the window. */
  function shares(one: AugmentSpec) {
    let [samples, channels] = [0, 0];
    for (let i = 0; i < count; i++) {
      const result = augmentedWindow(slice, whole(slice), [one], Random.stream(9, one.kind, i));
      const moved = [0, 1].filter((c) => changed(channelOf(result, c), channelOf(slice, c)));
      if (moved.length > 0) samples++;
      channels += moved.length;
    }
    return [samples / count, channels / samples / 2];
  }

  // Of channels changed with probability p, a sample of two shows something with 1 − (1 − p)².
  const either = (p: number) => 1 - (1 - p) ** 2;
  // At zooms above 5.5 / 6, a sixth of them, nothing changes.
  const lowered = 0.5 * (5 / 6);
  it.each([
    ['rotation', {}, 0.2, 1],
    ['scaling', {}, 0.2, 1],
    ['gaussian_noise', {}, 0.1, 1],
    ['gaussian_blur', {}, 0.2 * either(0.5), 0.5 / either(0.5)],
    ['brightness', { range: 0.25, channels: 1 }, 0.15, 1],
    ['contrast', { range: 0.25, channels: 1 }, 0.15, 1],
    ['low_resolution', {}, 0.25 * either(lowered), lowered / either(lowered)],
    ['gamma', {}, 0.3, 1],
    ['inverted_gamma', {}, 0.1, 1],
  ] as const)('%s', (kind, given, samples, channels) => {
    const [found, ofChannels] = shares(spec(kind, given));
    // Four standard deviations of a share.
    expect(Math.abs(found - samples)).toBeLessThan(4 * Math.sqrt((samples * (1 - samples)) / count));
    // Of some 400 samples or more, each with a standard deviation of at most 1/4.
    expect(Math.abs(ofChannels - channels)).toBeLessThan(0.05);
  });
});

describe('noise', () => {
  it('is the same in all channels, normal, with a deviation that is uniform from 0', () => {
    const slice = { ...sample(40, 40), image: new Float32Array(3200) };
    const one = [spec('gaussian_noise', { deviation: 0.5, probability: 1 })];
    const deviations = Array.from({ length: 200 }, (_, i) => {
      const { image } = augmentedWindow(slice, whole(slice), one, Random.stream(10, i));
      expect(image.subarray(0, 1600)).toEqual(image.subarray(1600));
      return Math.sqrt(image.reduce((sum, v) => sum + v * v, 0) / 3200);
    });
    // Uniform in 0 … 0.5: mean 0.25, its standard deviation 0.144 / √200 = 0.0102; four of it.
    const mean = deviations.reduce((a, b) => a + b, 0) / 200;
    expect(Math.abs(mean - 0.25)).toBeLessThan(0.041);
    expect(Math.min(...deviations)).toBeLessThan(0.03);
    // 1600 values estimate a deviation to 1.8 %.
    expect(Math.max(...deviations)).toBeLessThan(0.54);
  });
});

describe('gamma', () => {
  const slice = sample(16, 16);
  const moments = (plane: Float32Array) => {
    const mean = plane.reduce((a, b) => a + b, 0) / plane.length;
    return [mean, Math.sqrt(plane.reduce((a, b) => a + (b - mean) ** 2, 0) / plane.length)];
  };

  it.each([
    [0.7, false],
    [1.5, false],
    [0.7, true],
    [1.5, true],
  ])(
    'keeps mean and deviation with the exponent %f (inverted: %s), and follows its formula',
    (gamma, inverted) => {
      const result = adjustGamma(slice, [gamma, 1], inverted);
      const [before, after] = [channelOf(slice, 0), channelOf(result, 0)];
      const [[mean, deviation], found] = [moments(before), moments(after)];
      // float32 keeps 24 bits of values below 4.
      expect(Math.abs(found[0] - mean)).toBeLessThan(1e-6);
      expect(Math.abs(found[1] - deviation)).toBeLessThan(1e-6);
      expect(channelOf(result, 1)).toEqual(channelOf(slice, 1));
      const sign = inverted ? -1 : 1;
      const [least, most] = [
        Math.min(...before.map((v) => sign * v)),
        Math.max(...before.map((v) => sign * v)),
      ];
      const raised = Array.from(before, (v) => sign * ((sign * v - least) / (most - least)) ** gamma);
      const middle = raised.reduce((a, b) => a + b, 0) / raised.length;
      const spread = Math.sqrt(raised.reduce((a, b) => a + (b - middle) ** 2, 0) / raised.length);
      raised.forEach((v, i) => {
        expect(Math.abs(((v - middle) / spread) * deviation + mean - after[i])).toBeLessThan(1e-6);
      });
    },
  );

  it('leaves a channel of one value as it is', () => {
    const flat = { ...slice, image: new Float32Array(512).fill(3) };
    expect(adjustGamma(flat, [0.7, 1.5], false).image).toEqual(flat.image);
  });
});
