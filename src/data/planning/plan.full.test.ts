import { expect, test } from 'vitest';
import { openDataset } from '../dataset.ts';
import { planDataset } from './plan.ts';
import { DEFAULT_MEMORY } from './plan-2d.ts';
import { datasets, expectedPlans } from './testing.ts';

// In the full run alone: 600 million samples are drawn.
test('fingerprint and plan of RGB images equal those of nnU-Net v2, to the last digit', () => {
  const plan = planDataset(openDataset(datasets['Dataset703_Nuclei']), DEFAULT_MEMORY);
  expect(plan).toMatchObject(expectedPlans['Dataset703_Nuclei']);
});
