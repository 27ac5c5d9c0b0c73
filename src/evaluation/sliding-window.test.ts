import { describe, expect, it } from 'vitest';
import { volumeOf } from '../data/boxes.ts';
import { JobError } from '../errors.ts';
import {
  type PredictBatch,
  predictLogits,
  predictSliding,
  type SlidingWindowOptions,
  type Volume,
} from './sliding-window.ts';
import { gaussianImportance, windowPlaces, windowStarts } from './windows.ts';

function ramp(...size: readonly number[]): Volume {
  return { channels: 1, size, image: Float32Array.from({ length: volumeOf(size) }, (_, i) => (i % 13) - 6) };
}

const options = { window: [8, 6], classes: 2, batch: 3 };

/** The softmax of the averaged logits, [K, ...size]. */
async function predictProbabilities(network: PredictBatch, image: Volume, how: SlidingWindowOptions) {
  const logits = await predictLogits(network, image, how);
  const count = logits.length / how.classes;
  const at = (k: number, i: number) => Math.exp(logits[k * count + i]);
  const sum = (i: number) => Array.from({ length: how.classes }, (_, k) => at(k, i)).reduce((a, b) => a + b);
  return Float32Array.from(logits, (_, i) => at(Math.floor(i / count), i % count) / sum(i % count));
}

/** A network that looks at one pixel: logits (0, value). Also records how it was called. */
function pointwise(calls: number[] = []): PredictBatch {
  return async (x) => {
    calls.push(x.length);
    const logits = new Float32Array(x.length * 2);
    for (let b = 0; b < 3; b++) logits.set(x.subarray(b * 48, b * 48 + 48), (2 * b + 1) * 48);
    return logits;
  };
}

describe('predictSliding', () => {
  it.each([
    [19, 17],
    [8, 6],
    [9, 30],
    [3, 4],
    [5, 20],
    [20, 5],
  ])('gives a pointwise network’s own answer at every pixel of %i×%i', async (height, width) => {
    const image = ramp(height, width);
    const { labels } = await predictSliding(pointwise(), image, options);
    const probabilities = await predictProbabilities(pointwise(), image, options);
    const plane = height * width;
    expect([labels.length, probabilities.length]).toEqual([plane, 2 * plane]);
    image.image.forEach((value, i) => {
      expect(probabilities[plane + i]).toBeCloseTo(1 / (1 + Math.exp(-value)), 6);
      expect(probabilities[i] + probabilities[plane + i]).toBeCloseTo(1, 6);
      // Where both logits are 0 the lower class wins.
      expect(labels[i]).toBe(value > 0 ? 1 : 0);
    });
  });

  it.each([[[4]], [[3, 4]], [[2, 3, 4]]])('windows of %j', async (window) => {
    for (const larger of [0, 1, 5]) {
      const image = ramp(...window.map((n) => n + larger - (larger === 1 ? 2 : 0)));
      const count = volumeOf(window);
      const network: PredictBatch = async (x) =>
        Float32Array.from({ length: 2 * x.length }, (_, i) =>
          i % (2 * count) < count ? 0 : x[i - count * (Math.floor(i / (2 * count)) + 1)],
        );
      const { labels, size } = await predictSliding(network, image, { window, classes: 2, batch: 2 });
      expect(size).toEqual(image.size);
      expect([...labels]).toEqual(Array.from(image.image, (value) => (value > 0 ? 1 : 0)));
    }
  });

  it('always calls with the whole batch, filling up with zeros', async () => {
    const calls: number[] = [];
    await predictSliding(pointwise(calls), ramp(12, 6), options);
    // Two windows, one call of three.
    expect(calls).toEqual([3 * 48]);
  });

  it('averages overlapping windows with Gaussian weights', async () => {
    // The network answers with the number of the window it was called for.
    let window = 0;
    const network: PredictBatch = async () => {
      window++;
      return Float32Array.from({ length: 2 * 48 }, (_, i) => (i < 48 ? 0 : window));
    };
    const probabilities = await predictProbabilities(network, ramp(8, 9), { ...options, batch: 1 });
    expect(windowStarts(9, 6, 0.5)).toEqual([0, 3]);
    const weights = gaussianImportance([8, 6]);
    const row = 5;
    for (let x = 0; x < 9; x++) {
      const first = x < 6 ? weights[row * 6 + x] : 0;
      const second = x >= 3 ? weights[row * 6 + x - 3] : 0;
      const logit = (first * 1 + second * 2) / (first + second);
      expect(probabilities[72 + row * 9 + x]).toBeCloseTo(1 / (1 + Math.exp(-logit)), 6);
    }
  });

  it('pads a small image on both sides, the odd pixel after it', async () => {
    const seen: number[][] = [];
    const network: PredictBatch = async (x) => {
      seen.push([...x]);
      return new Float32Array(2 * 48);
    };
    const image = { channels: 1, size: [8, 3], image: new Float32Array(24).fill(5) };
    await predictSliding(network, image, { ...options, batch: 1 });
    expect(seen.map((x) => x.slice(0, 6))).toEqual([[0, 5, 5, 5, 0, 0]]);
  });

  it('passes channels on in order', async () => {
    const image = { ...ramp(8, 6), channels: 2, image: Float32Array.from({ length: 96 }, (_, i) => i) };
    let got: Float32Array | undefined;
    const network: PredictBatch = async (x) => {
      got = x;
      return new Float32Array(2 * 48);
    };
    await predictSliding(network, image, { ...options, batch: 1 });
    expect(got).toEqual(image.image);
  });

  it('refuses outputs that are not finite or of another size', async () => {
    const network = (value: number, length: number): PredictBatch => {
      return async () => new Float32Array(length).fill(value);
    };
    const run = (predict: PredictBatch) => predictSliding(predict, ramp(8, 6), options);
    await expect(run(network(Number.NaN, 288))).rejects.toThrow(JobError);
    await expect(run(network(Number.POSITIVE_INFINITY, 288))).rejects.toThrow(JobError);
    await expect(run(network(0, 96))).rejects.toThrow(RangeError);
  });
});

/** Logits in float64 that depend on place, neighbours and class, with zeros around the window. */
function neighbours(x: ArrayLike<number>, [height, width]: readonly number[], classes: number): number[] {
  const at = (row: number, column: number) =>
    row < 0 || row >= height || column < 0 || column >= width ? 0 : x[row * width + column];
  return Array.from({ length: classes * height * width }, (_, i) => {
    const k = Math.floor(i / (height * width));
    const [row, column] = [Math.floor(i / width) % height, i % width];
    const beside = 0.3 * at(row - 1, column + k) - 0.2 * at(row + k, column - 1);
    return at(row, column) * (k - 1) + beside + 0.01 * row;
  });
}

/** Softmax of the means over all windows, pixel by pixel in float64. */
function densely(
  { size, image }: Volume,
  { window, classes, mirror = [] }: SlidingWindowOptions,
): number[][] {
  const [height, width] = window;
  const count = height * width;
  const flips = [false, true].flatMap((v) => [false, true].map((h) => [v, h] as const));
  const wanted = flips.filter((flip) => flip.every((yes, axis) => !yes || mirror.includes(axis)));
  const indexOf = (r: number, c: number, [v, h]: readonly [boolean, boolean]) =>
    (v ? height - 1 - r : r) * width + (h ? width - 1 - c : c);
  const windows = windowPlaces(size, window, 0.5).map((place) => {
    const pixel = (i: number) => {
      const [row, column] = [place[0] + Math.floor(i / width), place[1] + (i % width)];
      const outside = row < 0 || row >= size[0] || column < 0 || column >= size[1];
      return outside ? 0 : image[row * size[1] + column];
    };
    const logits = wanted.map((flip) => {
      const x = Array.from({ length: count }, (_, i) =>
        pixel(indexOf(Math.floor(i / width), i % width, flip)),
      );
      return { flip, own: neighbours(x, window, classes) };
    });
    return { place, logits };
  });
  return Array.from({ length: volumeOf(size) }, (_, i) => {
    const sums = new Array<number>(classes).fill(0);
    let total = 0;
    for (const { place, logits } of windows) {
      const [r, c] = [Math.floor(i / size[1]) - place[0], (i % size[1]) - place[1]];
      if (r < 0 || r >= height || c < 0 || c >= width) continue;
      const far =
        ((r - Math.floor(height / 2)) / (height / 8)) ** 2 + ((c - Math.floor(width / 2)) / (width / 8)) ** 2;
      const weight = Math.exp(-far / 2);
      total += weight;
      for (const { flip, own } of logits)
        for (let k = 0; k < classes; k++)
          sums[k] += (weight * own[k * count + indexOf(r, c, flip)]) / logits.length;
    }
    const exponentials = sums.map((sum) => Math.exp(sum / total));
    return exponentials.map((e) => e / exponentials.reduce((a, b) => a + b));
  });
}

describe('against a dense computation in float64', () => {
  // Smaller than the window, as large, not divisible, one pixel wide or high, several windows high.
  const sizes = [
    [5, 3],
    [8, 6],
    [13, 11],
    [17, 1],
    [1, 23],
    [1, 1],
    [40, 33],
  ];
  it.each(sizes.flatMap((size) => [[], [1], [0, 1]].map((mirror) => ({ size, mirror }))))(
    '$size, mirrored along $mirror: within 1e-5',
    async ({ size, mirror }) => {
      const image = ramp(...size);
      const own = { window: [8, 6], classes: 3, batch: 2, mirror };
      const network: PredictBatch = async (x) =>
        Float32Array.from([0, 1].flatMap((b) => neighbours(x.subarray(48 * b, 48 * b + 48), own.window, 3)));
      const expected = densely(image, own);
      const probabilities = await predictProbabilities(network, image, own);
      const { labels } = await predictSliding(network, image, own);
      const differences = expected.flatMap((p, i) =>
        p.map((value, k) => Math.abs(probabilities[k * expected.length + i] - value)),
      );
      expect(Math.max(...differences)).toBeLessThan(1e-5);
      // The class may be another one only where two are as good as equal.
      expect(Math.max(...expected.map((p, i) => Math.max(...p) - p[labels[i]]))).toBeLessThan(1e-5);
    },
  );
});
