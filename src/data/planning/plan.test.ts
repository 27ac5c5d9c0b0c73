import { expect, test } from 'vitest';
import { openDataset } from '../dataset.ts';
import type { Labelling } from '../labelling.ts';
import type { DatasetFingerprint } from './dataset-fingerprint.ts';
import { planDataset, planFor } from './plan.ts';
import { DEFAULT_MEMORY, planGeometry } from './plan-2d.ts';
import { datasets, type Expected, expectedPlans } from './testing.ts';

const CASES = { Dataset004_Hippocampus: 60, Dataset703_Nuclei: 60, Dataset900_Anisotropic: 8 };
const CHANNELS = {
  Dataset004_Hippocampus: ['MRI'],
  Dataset703_Nuclei: ['R', 'G', 'B'],
  Dataset900_Anisotropic: ['MRI'],
};
const classes = ['background', 'a', 'b'].map((name, value) => ({ name, value }));

test('fingerprint and plan of images equal those of nnU-Net v2, to the last digit', () => {
  const plan = planDataset(openDataset(datasets['Dataset900_Anisotropic']), DEFAULT_MEMORY);
  expect(plan).toMatchObject(expectedPlans['Dataset900_Anisotropic']);
  expect(plan.normalisation).toEqual([{ kind: 'zscore', masked: false }]);
});

test.each(Object.entries(CASES))(
  'the plan for the fingerprint of %s equals that of nnU-Net v2',
  (name, cases) => {
    const expected: Expected = expectedPlans[name];
    const found = {
      name,
      classes,
      channels: CHANNELS[name as keyof typeof CHANNELS],
      training: { length: cases },
    };
    // Only the number of cases is read of them.
    expect(planFor(found as never, expected, '', DEFAULT_MEMORY)).toMatchObject(expected);
  },
);

/** A data set of equal volumes. */
function uniform(spacing: [number, number, number], shape: [number, number, number], share = 1) {
  const one = {
    max: 1,
    mean: 0.5,
    median: 0.5,
    min: 0,
    percentile_00_5: 0.1,
    percentile_99_5: 0.9,
    std: 0.2,
  };
  return {
    spacings: [spacing],
    shapes_after_crop: [shape],
    relative_size_after_cropping: share,
    intensity: { '0': one, '1': one },
  } satisfies DatasetFingerprint;
}

const plan2d = (found: DatasetFingerprint, options: Partial<Parameters<typeof planGeometry>[1]> = {}) =>
  planGeometry(found, { cases: 1000, classes: 2, memory: DEFAULT_MEMORY, ...options });

// Plans of public data sets that nnU-Net v2 made, as their authors publish them: BraTS 2021, lung tumours of the Medical
// Segmentation Decathlon (Task06), kidneys.
test.each([
  [[1, 1, 1], [140, 171, 137], 4, [192, 160], 105, 6],
  [[1.244979977607727, 0.78515625, 0.78515625], [252, 512, 512], 2, [512, 512], 12, 8],
  [[0.9130857586860657, 0.78515625, 0.81640625], [434, 512, 467], 2, [512, 512], 12, 8],
] as const)('spacing %j, shape %j', (spacing, shape, labels, patch, batch, stages) => {
  const { plan_2d: plan, transpose_forward } = plan2d(uniform([...spacing], [...shape]), { classes: labels });
  expect([plan.patch_size, plan.batch_size, plan.n_stages]).toEqual([patch, batch, stages]);
  expect(transpose_forward).toEqual([0, 1, 2]);
  expect(plan.features_per_stage).toEqual([32, 64, 128, 256, 512, 512, 512, 512].slice(0, stages));
});

test('the coarsest axis comes first, and is made finer where volumes are thin', () => {
  const along = plan2d(uniform([1, 1, 5], [200, 180, 60]));
  expect(along.transpose_forward).toEqual([2, 0, 1]);
  expect(along.plan_2d.median_image_size_in_voxels).toEqual([200, 180]);
  // 5 mm in half of the volumes, 2 mm in the others: the tenth percentile.
  const thin: DatasetFingerprint = {
    ...uniform([1, 1, 1], [1, 1, 1]),
    spacings: [2, 2, 5, 5, 5].map((z) => [z, 1, 1]),
    shapes_after_crop: [60, 60, 20, 20, 20].map((z) => [z, 200, 200]),
  };
  expect(plan2d(thin).original_median_spacing).toEqual([5, 1, 1]);
  expect(plan2d(thin).plan_2d.spacing).toEqual([1, 1]);
});

test('an axis of long pixels is pooled later, and with kernels of 1 before', () => {
  const { plan_2d: plan } = plan2d(uniform([5, 1, 4], [40, 256, 64]));
  expect(plan.strides).toEqual(
    [
      [1, 1],
      [2, 1],
      [2, 1],
      [2, 2],
      [2, 2],
      [2, 2],
      [2, 2],
    ].slice(0, plan.n_stages),
  );
  expect(plan.kernel_sizes.slice(0, 3)).toEqual([
    [3, 1],
    [3, 1],
    [3, 3],
  ]);
});

test('more memory makes a larger batch, too little a smaller patch', () => {
  const found = uniform([1, 1, 1], [100, 512, 512]);
  expect(plan2d(found, { memory: 24e9 }).plan_2d.batch_size).toBeGreaterThan(30);
  const { plan_2d: small } = plan2d(found, { memory: 5e8 });
  expect(small.batch_size).toBe(2);
  expect(small.patch_size[0]).toBeLessThan(512);
  for (const a of [0, 1]) {
    const divisor = small.strides.reduce((n, stride) => n * stride[a], 1);
    expect(small.patch_size[a] % divisor).toBe(0);
  }
  expect(() => plan2d(found, { memory: 100 })).toThrow('no patch');
});

test('memory is planned for as many maps as dataset.json names labels, as nnU-Net does', () => {
  const found = uniform([1, 1, 1], [100, 512, 512]);
  const named = (labelling: Labelling) =>
    planFor(
      { name: 'x', channels: ['CT'], training: { length: 1000 } as never, ...labelling },
      found,
      '',
      DEFAULT_MEMORY,
    );
  const maps = (count: number) => plan2d(found, { classes: count }).plan_2d;
  const regions = ['all', 'b'].map((name) => ({ name, values: name === 'b' ? [2] : [1, 2], painted: 2 }));
  const many = Array.from({ length: 29 }, (_, i) => ({ name: `r${i}`, values: [1, 2], painted: 1 }));
  expect(named({ classes }).plan_2d).toMatchObject(maps(3));
  expect(named({ classes, ignore: 3 }).plan_2d).toMatchObject(maps(4));
  expect(named({ classes, regions, ignore: 3 }).plan_2d).toMatchObject(maps(4));
  expect(named({ classes, regions: many }).plan_2d).toMatchObject(maps(30));
  expect(maps(30)).not.toEqual(maps(3));
});

test('normalisation goes by the names of channels', () => {
  const of = (channels: string[], share = 1) => {
    const { plan_2d, normalisation } = planFor(
      { name: 'x', channels, classes, training: [] },
      uniform([1, 1, 1], [9, 64, 64], share),
      '',
      DEFAULT_MEMORY,
    );
    return { schemes: plan_2d.normalization_schemes, masks: plan_2d.use_mask_for_norm, normalisation };
  };
  expect(of(['ct', 'NoNorm'])).toEqual({
    schemes: ['CTNormalization', 'NoNormalization'],
    masks: [false, false],
    normalisation: [{ kind: 'ct', low: 0.1, high: 0.9, mean: 0.5, std: 0.2 }, { kind: 'none' }],
  });
  expect(of(['rescale_to_0_1', 'RGB_to_0_1']).schemes).toEqual([
    'RescaleTo01Normalization',
    'RGBTo01Normalization',
  ]);
  expect(of(['T2', 'CT'], 0.74).masks).toEqual([true, false]);
  expect(of(['T2', 'constructor'], 0.75).masks).toEqual([false, false]);
});
