import { describe, expect, it } from 'vitest';
import { loadCase, stackedLabel } from '../data/case.ts';
import { readNifti } from '../data/nifti.ts';

import { expectedPlans, nnunet } from '../data/planning/testing.ts';
import { prepareCase, prepared } from '../data/prepared-case.ts';
import type { PreprocessingPlan } from '../recipe/preprocessing.ts';
import { caseProbabilities, predictCase } from './predict-case.ts';
import type { PredictBatch } from './sliding-window.ts';

const window = [16, 12];
const options = { window, classes: 2, batch: 3 };

/** A network that looks at one pixel: logits (0, value). */
const pointwise: PredictBatch = async (x) => {
  const plane = window[0] * window[1];
  const logits = new Float32Array(x.length * 2);
  for (let b = 0; b < 3; b++) logits.set(x.subarray(b * plane, (b + 1) * plane), (2 * b + 1) * plane);
  return logits;
};

const map = 'tests/fixtures/metrics/hippocampus_045_gt.nii.gz';

describe('without a plan', () => {
  it('a volume is predicted slice by slice, normalised as a whole', async () => {
    const volume = loadCase({ id: 'h', images: [map], label: map }, { channels: 1 });
    const labels = await predictCase(pointwise, prepared(volume), options);
    // Above the volume's mean lie exactly the labelled voxels, as the image is the label map itself.
    const truth = stackedLabel(volume)!;
    expect(truth.length).toBe(37 * 48 * 36);
    expect(labels).toEqual(Uint8Array.from(truth, (value) => Math.min(value, 1)));
    const read = prepareCase({ id: 'h', images: [map] }, { channels: 1 });
    expect(await predictCase(pointwise, read, options)).toEqual(labels);
    expect(stackedLabel(loadCase({ id: 'h', images: [map] }, { channels: 1 }))).toBeUndefined();
  });
});

describe('by a plan', () => {
  const plan = (
    transpose_forward: [number, number, number],
    spacing: [number, number],
  ): PreprocessingPlan => ({
    ...{ transpose_forward, normalisation: [{ kind: 'none' }], plan_2d: { spacing } },
  });

  it.each([[[0, 1, 2]], [[2, 0, 1]], [[1, 2, 0]]] as [[number, number, number]][])(
    'with axes %j every voxel comes back to its place, and what was cut off is background',
    async (axes) => {
      const { data, spacing } = readNifti(map);
      // The pixels of the file: nothing is resampled, and the map is cut to what is not 0.
      const kept = plan(axes, [spacing[axes[1]], spacing[axes[2]]]);
      const image = prepareCase({ id: 'h', images: [map] }, { channels: 1 }, kept);
      expect(image.slices.length * image.size[0] * image.size[1]).toBeLessThan(data.length / 2);
      const labels = await predictCase(pointwise, image, options);
      expect(labels).toEqual(Uint8Array.from(data, (value) => (value > 0 ? 1 : 0)));
    },
  );

  it('what is resampled for the network is predicted at the size of the file', async () => {
    const path = `${nnunet}/Dataset900_Anisotropic/imagesTr/case1_0000.nii.gz`;
    const { data, shape } = readNifti(path);
    const { transpose_forward, plan_2d } = expectedPlans['Dataset900_Anisotropic'];
    const own: PreprocessingPlan = {
      transpose_forward,
      plan_2d,
      normalisation: [{ kind: 'zscore', masked: false }],
    };
    const image = prepareCase({ id: 'a', images: [path] }, { channels: 1 }, own);
    const [slice] = image.slices;
    expect([slice.height, slice.width]).not.toEqual(image.size);
    const labels = await predictCase(pointwise, image, options);
    expect(labels.length).toBe(shape[0] * shape[1] * shape[2]);
    // Bright voxels are those above the mean, but for edges, which were smoothed there and back.
    const inside = [...data].filter((value) => value !== 0);
    const mean = inside.reduce((sum, value) => sum + value, 0) / inside.length;
    const agree = labels.reduce((n, label, i) => n + (label === (data[i] > mean ? 1 : 0) ? 1 : 0), 0);
    expect(agree / labels.length).toBeGreaterThan(0.95);
    // Classes are those of the largest probability.
    const maps: number[] = [];
    for await (const probabilities of caseProbabilities(pointwise, image, options)) {
      const count = probabilities.length / 2;
      expect(count).toBe(image.size[0] * image.size[1]);
      maps.push(
        ...Array.from({ length: count }, (_, i) => (probabilities[count + i] > probabilities[i] ? 1 : 0)),
      );
    }
    expect(labels.reduce((sum, label) => sum + label, 0)).toBe(maps.reduce((sum, label) => sum + label, 0));
  });
});
