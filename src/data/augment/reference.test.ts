import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import reference from '../../../tests/fixtures/augment/torch.json' with { type: 'json' };
import type { AugmentSpec } from '../../recipe/augmentations.ts';
import { Random } from '../../recipe/random.ts';
import { SegmentationLoader } from '../loader.ts';
import { classTarget } from '../testing.ts';
import { blur } from './blur.ts';
import { lowerResolution } from './low-resolution.ts';
import { movedWindow } from './spatial.ts';

/** Results are rounded to float32 and values are below 4: half a unit in the last place is 2^-23, the rest is fixtures' rounding. */
const TOLERANCE = 2 ** -22;

function expectNear(found: ArrayLike<number>, wanted: readonly number[]): void {
  expect(found.length).toBe(wanted.length);
  const far = wanted.filter((value, i) => !(Math.abs(found[i] - value) <= TOLERANCE));
  expect(far).toEqual([]);
}

describe('against torch', () => {
  it.each(reference.moved)('turns $window by $degrees° and stretches by $factor', (given) => {
    const [height, width] = given.slice;
    const image = Float32Array.from(given.image);
    const label = Int32Array.from(given.label);
    const [top, left, windowHeight, windowWidth] = given.window;
    const moved = movedWindow(
      { channels: 2, height, width, image, label },
      { top, left, height: windowHeight, width: windowWidth },
      { turns: given.degrees / 180, factor: given.factor },
    );
    expectNear(moved.image, given.wanted);
    expect([...moved.label]).toEqual(given.labels);
  });

  it.each(reference.lowResolution)('lowers the resolution of $size to $zoom', ({ size, zoom, ...given }) => {
    const plane = Float32Array.from(given.image);
    lowerResolution(plane, size[0], size[1], zoom);
    expectNear(plane, given.wanted);
  });
});

describe('blur', () => {
  /** The sum over all pixels of a plane that is mirrored at its edges on and on, with no separation of axes. */
  function directly(plane: Float32Array, height: number, width: number, down: number, across: number) {
    const mirror = (i: number, size: number) => {
      let j = i;
      while (j < 0 || j >= size) j = size === 1 ? 0 : j < 0 ? -j : 2 * (size - 1) - j;
      return j;
    };
    const radius = (sigma: number) => Math.floor((6 * sigma + 0.5) / 2);
    const gauss = (d: number, sigma: number) => Math.exp(-(d * d) / (2 * sigma * sigma));
    return Array.from(plane, (_, i) => {
      const [y, x] = [Math.floor(i / width), i % width];
      let [sum, total] = [0, 0];
      for (let dy = -radius(down); dy <= radius(down); dy++) {
        for (let dx = -radius(across); dx <= radius(across); dx++) {
          const weight = gauss(dy, down) * gauss(dx, across);
          sum += weight * plane[mirror(y + dy, height) * width + mirror(x + dx, width)];
          total += weight;
        }
      }
      return sum / total;
    });
  }

  it.each([
    [9, 7, 0.5, 1],
    [4, 11, 0.9, 0.62],
    [1, 6, 0.8, 0.8],
    [6, 1, 1, 0.7],
    [2, 3, 2.5, 4],
  ])('of %i×%i with σ %f, %f is the convolution', (height, width, down, across) => {
    const random = Random.stream(1, height);
    const plane = Float32Array.from({ length: height * width }, () => random.uniform(-3, 3));
    const wanted = directly(plane, height, width, down, across);
    blur(plane, height, width, down, across);
    expectNear(plane, wanted);
  });
});

describe('specs of earlier versions', () => {
  // Digests of the loader's bytes from before there were interpolating augmentations.
  it.each([
    [8, 8, '933ce96042f78f255ad6125b94871fa6992889b622e355f9e6499ca35dcb4487'],
    [15, 10, 'da2d1147b876daf5ee38693c540e0382339ce8c016fd23ee0e1fb5af95aa8114'],
  ])('make the same windows of %i×%i to the bit', (height, width, digest) => {
    const slices = Array.from({ length: 4 }, (_, n) => {
      const [rows, columns] = [13 + n, 17 - n];
      const value = (i: number) => ((i * 7919 + n * 104729) % 1009) / 313 - 1.5;
      const classOf = (i: number) => ((i * 31 + n) % 11 === 0 ? 1 + (i % 2) : 0);
      return {
        channels: 3,
        height: rows,
        width: columns,
        image: Float32Array.from({ length: 3 * rows * columns }, (_, i) => value(i)),
        label: Int32Array.from({ length: rows * columns }, (_, i) => classOf(i)),
      };
    });
    const factor = { probability: 0.5, channels: undefined };
    const augment: AugmentSpec[] = [
      { kind: 'flips' },
      { kind: 'rotations90' },
      { kind: 'brightness', range: 0.3, ...factor },
      { kind: 'contrast', range: 0.25, ...factor },
    ];
    const size = { seed: 5, batch: 3, height, width };
    const options = { ...size, oversampleForeground: 0.33, augment, target: classTarget(3) };
    const loader = new SegmentationLoader(slices, options);
    const hash = createHash('sha256');
    for (let step = 0; step < 40; step++) {
      const { x, target } = loader.at(step);
      hash.update(new Uint8Array(x.buffer)).update(new Uint8Array(target.buffer));
    }
    expect(hash.digest('hex')).toBe(digest);
  });
});
