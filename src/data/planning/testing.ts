import { readFileSync } from 'node:fs';
import type { DatasetFingerprint } from './dataset-fingerprint.ts';
import type { Geometry } from './plan-2d.ts';

/** For tests: what nnU-Net v2 computes; see the README there. */
export const nnunet = 'tests/fixtures/nnunet';

export type Expected = DatasetFingerprint &
  Geometry & { readonly plan_2d: { readonly normalization_schemes: readonly string[] } };

/** The fingerprints and plans of nnU-Net by data set. */
export const expectedPlans = JSON.parse(readFileSync(`${nnunet}/expected.json`, 'utf8')) as Readonly<
  Record<string, Expected>
>;

/** Folders of the data sets that are here in whole. */
export const datasets: Readonly<Record<string, string>> = {
  Dataset900_Anisotropic: `${nnunet}/Dataset900_Anisotropic`,
  Dataset703_Nuclei: 'examples/nuclei/Dataset703_Nuclei',
};
