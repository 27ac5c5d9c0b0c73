import { describe, expect, it } from 'vitest';
import { readLabels } from '../data/image.ts';
import { type JudgedCase, type JudgedRegion, metricNames, scoreCase } from './metrics.ts';
import { hausdorffDistance, surfaceDistances } from './surface.ts';

const region = (more: Partial<JudgedRegion>): JudgedRegion => ({
  name: 'tube',
  classes: [1],
  metrics: ['dsc'],
  ...more,
});

/** A tube along D in slices from `first` to `last`, of 2×2 voxels. */
function tube(first: number, last: number): Int32Array {
  const map = new Int32Array(6 * 8 * 8);
  for (let z = first; z <= last; z++) {
    for (const [y, x] of [
      [3, 3],
      [3, 4],
      [4, 3],
      [4, 4],
    ])
      map[(z * 8 + y) * 8 + x] = 1;
  }
  return map;
}

function judged(truth: Int32Array, prediction: Int32Array): JudgedCase {
  return { shape: [6, 8, 8], spacing: [2, 1, 1], truth, prediction };
}

describe('slices of the truth', () => {
  const every = { metrics: ['dsc', 'nsd', 'hd95', 'f1'], tolerance: 0 } as const;

  it('what a prediction adds beyond them does not count', () => {
    const longer = judged(tube(2, 3), tube(1, 5));
    expect(scoreCase(longer, [region({})])[0].dsc).toBeCloseTo((2 * 8) / (8 + 20), 14);
    const [scores] = scoreCase(longer, [
      region({ ...every, truthSlices: true, metrics: ['dsc', 'nsd', 'hd95'] }),
    ]);
    expect(scores).toEqual({ dsc: 1, nsd: 1, hd95: 0 });
  });

  it('what it lacks within them does, also at their ends and between', () => {
    const shorter = judged(tube(1, 4), tube(1, 3));
    expect(scoreCase(shorter, [region({ truthSlices: true })])[0].dsc).toBeCloseTo((2 * 12) / (16 + 12), 14);
    const gap = tube(1, 4).map((id, i) => (i >= 2 * 64 && i < 3 * 64 ? 0 : id));
    expect(scoreCase(judged(gap, tube(0, 5)), [region({ truthSlices: true })])[0].dsc).toBeCloseTo(
      24 / 28,
      14,
    );
  });

  it('a truth without the label leaves all slices', () => {
    expect(
      scoreCase(judged(tube(6, 5), tube(1, 2)), [region({ ...every, truthSlices: true })])[0],
    ).toMatchObject({
      dsc: 0,
      nsd: 0,
      hd95: Number.NaN,
    });
    const [neither] = scoreCase(judged(tube(6, 5), tube(6, 5)), [region({ ...every, truthSlices: true })]);
    expect(neither).toMatchObject({ dsc: Number.NaN, nsd: Number.NaN, hd95: Number.NaN, f1: Number.NaN });
  });
});

it('a region is taken of its labels together, wherever it lies', () => {
  const half = tube(1, 4).map((id, i) => (id === 1 && i % 8 === 4 ? 3 : id));
  const [scores] = scoreCase(judged(tube(1, 4), half), [
    region({ classes: [1, 3], metrics: ['dsc', 'nsd', 'hd95'], tolerance: 0 }),
  ]);
  expect(scores).toEqual({ dsc: 1, nsd: 1, hd95: 0 });
});

it('HD95 of an image is that of contours, of a volume that of surfaces', () => {
  const [truth, prediction] = ['gt', 'pred'].map((name) =>
    readLabels(`tests/fixtures/metrics/fluo019_${name}.png`),
  );
  const map = { shape: truth.shape, spacing: truth.spacing, truth: truth.data, prediction: prediction.data };
  const mask = (ids: Int32Array) => Uint8Array.from(ids, (id) => (id === 1 ? 1 : 0));
  const masks = { shape: truth.shape, truth: mask(truth.data), prediction: mask(prediction.data) };
  const expected = [true, false].map((contours) =>
    hausdorffDistance(surfaceDistances(masks, truth.spacing, contours), 0.95),
  );
  expect(expected[0]).not.toBe(expected[1]);
  expect(scoreCase(map, [region({ metrics: ['hd95'] })])[0].hd95).toBe(expected[0]);
});

it('F1 takes maps of instances, else components', () => {
  const touching = Int32Array.from({ length: 64 }, (_, i) => ([26, 27, 28, 29].includes(i) ? 1 : 0));
  const instances = touching.map((id, i) => (id === 0 ? 0 : i < 28 ? 1 : 2));
  const one = { shape: [1, 8, 8], spacing: [1, 1, 1], truth: touching, prediction: touching } as const;
  expect(scoreCase(one, [region({ metrics: ['f1'] })])[0].instances).toMatchObject({
    truth: 1,
    tp: 1,
    f1: 1,
  });
  expect(scoreCase({ ...one, instances }, [region({ metrics: ['f1'] })])[0].instances).toMatchObject({
    truth: 2,
    predicted: 1,
    tp: 1,
    fn: 1,
  });
});

it('takes only what is asked for', () => {
  for (const metric of metricNames) {
    const [scores] = scoreCase(judged(tube(1, 2), tube(1, 3)), [region({ metrics: [metric], tolerance: 1 })]);
    expect(Object.keys(scores).filter((key) => key !== 'instances')).toEqual([metric]);
  }
  expect(() => scoreCase(judged(tube(1, 2), tube(1, 3)), [region({ metrics: ['nsd'] })])).toThrow(RangeError);
});

it('what the truth ignores belongs to no region in either map', () => {
  // The prediction goes on where nothing is known, and misses a slice where something is.
  const truth = tube(1, 3);
  for (let z = 0; z < 6; z++) if (z === 0 || z > 3) truth.fill(-1, z * 64, (z + 1) * 64);
  const known = tube(1, 2);
  const all = { metrics: ['dsc', 'nsd', 'hd95'], tolerance: 0 } as const;
  const expected = scoreCase(judged(tube(1, 3), known), [region(all)]);
  expect(expected[0].dsc).toBeCloseTo(16 / 20, 14);
  const longer = tube(0, 5).map((id, i) => (i >= 3 * 64 && i < 4 * 64 ? 0 : id));
  expect(scoreCase(judged(truth, longer), [region(all)])).toEqual(expected);
  // Instances that are ignored are none; those at the border do not count.
  const inner = (map: Int32Array) => scoreCase(judged(map, tube(2, 3)), [region({ metrics: ['f1'] })])[0];
  expect(inner(tube(2, 3)).instances).toMatchObject({ truth: 1, predicted: 1, f1: 1 });
  expect(inner(new Int32Array(6 * 64).fill(-1)).instances).toMatchObject({ truth: 0, predicted: 0 });
});
