import { describe, expect, it } from 'vitest';
import { InputError } from '../errors.ts';
import { type Batch, SteppedBatches } from './batches.ts';
import type { LabelledSlice } from './case.ts';
import { SegmentationLoader } from './loader.ts';
import { Sampler } from './sampler.ts';
import { classTarget, everyAugmentation } from './testing.ts';

const options = {
  seed: 3,
  batch: 2,
  height: 4,
  width: 6,
  augment: everyAugmentation,
  target: classTarget(2),
};

/** Slices whose every pixel is the slice's number, so that a batch tells where it came from. */
function slices(count: number): LabelledSlice[] {
  return Array.from({ length: count }, (_, n) => ({
    channels: 3,
    height: 9,
    width: 8,
    image: Float32Array.from({ length: 3 * 72 }, (_, i) => n + 1 + (i % 72) / 100),
    label: Int32Array.from({ length: 72 }, (_, i) => (i === 40 ? 1 : 0)),
  }));
}

describe('Sampler', () => {
  it('goes through all samples each epoch, in a new order, across batches', () => {
    const sampler = new Sampler(1, 5, 3);
    const sequence = Array.from({ length: 10 }, (_, step) => sampler.indices(step)).flat();
    const epochs = [0, 1, 2, 3, 4, 5].map((epoch) => sequence.slice(5 * epoch, 5 * epoch + 5));
    for (const epoch of epochs) expect([...epoch].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(new Set(epochs.map((epoch) => epoch.join())).size).toBeGreaterThan(3);
  });

  it('answers for any step in any order alike', () => {
    const forward = new Sampler(2, 7, 4);
    const steps = Array.from({ length: 30 }, (_, step) => forward.indices(step));
    const backward = new Sampler(2, 7, 4);
    for (let step = 29; step >= 0; step--) expect(backward.indices(step)).toEqual(steps[step]);
    expect(new Sampler(3, 7, 4).indices(0)).not.toEqual(steps[0]);
  });

  it('serves batches larger than the data set', () => {
    expect(new Sampler(1, 2, 5).indices(0).length).toBe(5);
    expect(() => new Sampler(1, 0, 5)).toThrow(RangeError);
  });
});

describe('SegmentationLoader', () => {
  it('gives batches in the layout [B, C, H, W] and [B, H, W]', () => {
    const loader = new SegmentationLoader(slices(4), { ...options, augment: [] });
    const { x, target, ...sizes } = loader.at(0);
    expect(sizes).toEqual({ batch: 2, channels: 3, height: 4, width: 6 });
    expect([x.length, target.length]).toEqual([2 * 3 * 24, 2 * 24]);
    const [first, second] = new Sampler(3, 4, 2).indices(0);
    expect([Math.floor(x[0]), Math.floor(x[71]), Math.floor(x[72])]).toEqual([
      first + 1,
      first + 1,
      second + 1,
    ]);
    // Without augmentation the three equal channels stay equal.
    expect([...x.subarray(0, 24)]).toEqual([...x.subarray(24, 48)]);
  });

  it('oversamples foreground in the last third of a batch', () => {
    const loader = new SegmentationLoader(slices(5), { ...options, batch: 3, height: 2, width: 2 });
    const shown = [0, 0, 0];
    for (let step = 0; step < 60; step++) {
      const { target } = loader.at(step);
      for (let b = 0; b < 3; b++) if (target.subarray(4 * b, 4 * b + 4).includes(1)) shown[b]++;
    }
    expect(shown[2]).toBe(60);
    // Elsewhere a 2×2 window meets the pixel with probability 4 / 56.
    expect(shown[0] + shown[1]).toBeLessThan(30);
  });

  it('goes on with the bytes it would have given', async () => {
    const batchesOf = () => new SteppedBatches(new SegmentationLoader(slices(5), options));
    const whole = batchesOf();
    const batches: Batch[] = [];
    for (let step = 0; step < 12; step++) batches.push(await whole.next());
    const interrupted = batchesOf();
    for (let step = 0; step < 7; step++) await interrupted.next();
    const saved = JSON.parse(JSON.stringify(interrupted.state()));
    const resumed = batchesOf();
    resumed.restore(saved);
    for (let step = 7; step < 12; step++) expect(await resumed.next()).toEqual(batches[step]);
    expect(resumed.state().step).toBe(12);
    expect(batches[0]).not.toEqual(batches[5]);
  });

  it('differs by seed', () => {
    const other = new SegmentationLoader(slices(5), { ...options, seed: 4 });
    expect(other.at(0)).not.toEqual(new SegmentationLoader(slices(5), options).at(0));
  });

  it('refuses a state of another run, and no data', () => {
    const loader = new SteppedBatches(new SegmentationLoader(slices(5), options));
    const state = loader.state();
    for (const wrong of [{ seed: 9 }, { batch: 4 }, { samples: 6 }, { step: -1 }, { step: 0.5 }]) {
      expect(() => loader.restore({ ...state, ...wrong })).toThrow(InputError);
    }
    expect(loader.state()).toEqual(state);
    expect(() => new SegmentationLoader([], options)).toThrow(InputError);
  });
});
