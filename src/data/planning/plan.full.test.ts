import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDataset } from '../dataset.ts';
import { readNifti, writeNiftiLabels } from '../nifti.ts';
import { planDataset } from './plan.ts';
import { DEFAULT_MEMORY } from './plan-2d.ts';
import { datasets, expectedPlans } from './testing.ts';

// In the full run alone: 600 million samples are drawn.
test('fingerprint and plan of RGB images equal those of nnU-Net v2, to the last digit', () => {
  const plan = planDataset(openDataset(datasets['Dataset703_Nuclei']), DEFAULT_MEMORY);
  expect(plan).toMatchObject(expectedPlans['Dataset703_Nuclei']);
});

// By NumPy 2.4: RandomState(1234).choice of the foreground of each case, none of the first one's; joined, that is float64.
test('where a case has no foreground, figures are those of float64', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plan-'));
  try {
    cpSync(datasets['Dataset900_Anisotropic'], folder, { recursive: true });
    const label = join(folder, 'labelsTr/case0.nii.gz');
    writeNiftiLabels(label, new Int32Array(readNifti(label).data.length), label);
    const { mean, std, ...others } = planDataset(openDataset(folder), DEFAULT_MEMORY).intensity['0'];
    // Sums of 9·10^7 float64: in another order.
    expect(mean / 22256.771770837142 - 1).toBeCloseTo(0, 10);
    expect(std / 56333.979791588084 - 1).toBeCloseTo(0, 10);
    expect(others).toEqual({
      max: 358563.28125,
      median: 435.75885009765625,
      min: 26.322599411010742,
      percentile_00_5: 161.0789794921875,
      percentile_99_5: 258031.796875,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
