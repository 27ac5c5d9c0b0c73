import { describe, expect, it } from 'vitest';
import { volumeOf } from '../data/boxes.ts';
import { loadCase, stackedLabel } from '../data/case.ts';
import { JobError } from '../errors.ts';
import { type PredictBatch, predictCase, predictSliding, type Volume } from './sliding-window.ts';
import { gaussianImportance, windowStarts } from './windows.ts';

function ramp(...size: readonly number[]): Volume {
  return { channels: 1, size, image: Float32Array.from({ length: volumeOf(size) }, (_, i) => (i % 13) - 6) };
}

const options = { window: [8, 6], classes: 2, batch: 3 };

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
    const { labels, probabilities } = await predictSliding(pointwise(), image, options);
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
    const { probabilities } = await predictSliding(network, ramp(8, 9), { ...options, batch: 1 });
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

describe('predictCase', () => {
  it('predicts a volume slice by slice, normalised as a whole', async () => {
    const path = 'tests/fixtures/metrics/hippocampus_045_gt.nii.gz';
    const volume = loadCase({ id: 'h', images: [path], label: path }, { channels: 1 });
    const labels = await predictCase(pointwise(), volume, options);
    // Above the volume's mean lie exactly the labelled voxels, as the image is the label map itself.
    const truth = stackedLabel(volume)!;
    expect(truth.length).toBe(37 * 48 * 36);
    expect(labels).toEqual(truth.map((value) => Math.min(value, 1)));
    expect(stackedLabel(loadCase({ id: 'h', images: [path] }, { channels: 1 }))).toBeUndefined();
  });
});
