import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { plannedSpec } from '../../src/cli/planned-spec.ts';
import { type Plan, planFor } from '../../src/data/planning/plan.ts';
import { DEFAULT_MEMORY } from '../../src/data/planning/plan-2d.ts';
import { expectedPlans } from '../../src/data/planning/testing.ts';
import { openModel } from '../../src/files/open.ts';
import { shippedNames } from '../../src/files/spec-files.ts';
import { archc, temporaryFolder } from './archc.ts';

const folder = temporaryFolder();
const classes = ['background', 'a', 'b'].map((name, value) => ({ name, value }));
const segmenting = shippedNames().filter((name) => name !== 'vmamba');

/** The plan for a data set of nnU-Net's fixtures; no image is read for it. */
function planned(name: string): Plan {
  const found = expectedPlans[name];
  const channels = Object.keys(found.intensity).map((c) => `channel ${c}`);
  const training = found.spacings.map((_, i) => ({ id: String(i), images: [] }));
  return planFor({ name, channels, classes, training }, found, '', DEFAULT_MEMORY);
}

describe.each(Object.keys(expectedPlans))('%s', (name) => {
  const plan = planned(name);
  const { patch_size: patch, features_per_stage: features, batch_size: batch } = plan.plan_2d;

  test.each(segmenting)('the spec for %s has no mistakes and no warnings', async (network) => {
    const { text, remarks } = plannedSpec(network, plan);
    const path = join(folder, `${name}-${network}.arch`);
    writeFileSync(path, text);
    const { code, stderr } = await archc('check', path, '--deny', 'warnings');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { config, inputs, outputs, train } = openModel(path);
    const size = config['size'] as readonly number[];
    expect(inputs[0].shape.slice(1)).toEqual([plan.channels.length, ...size]);
    expect(outputs[0].dims[1].size).toBe(3);
    expect(size.every((edge, a) => edge >= patch[a])).toBe(true);
    expect(remarks.some((r) => r.includes('takes no images'))).toBe(
      size.some((edge, a) => edge !== patch[a]),
    );
    expect(train[0]).toMatchObject({ batch, foreground: 0.33, validate: 250 });
    if ('features' in config) expect(config['features']).toEqual(features);
    else expect(remarks.some((r) => r.includes('keeps its own widths'))).toBe(true);
  });
});

test('stages that halve one axis alone are left out of a network that halves both, and that is said', () => {
  const plan = planned('Dataset900_Anisotropic');
  const strides = [
    [1, 1],
    [2, 2],
    [2, 2],
    [2, 1],
  ] as const;
  const uneven: Plan = { ...plan, plan_2d: { ...plan.plan_2d, strides, patch_size: [40, 36] } };
  const { text, remarks } = plannedSpec('nnunet', uneven);
  expect(text).toContain('features: <32, 64, 128>, size: <40, 36>');
  expect(remarks).toEqual([expect.stringContaining('stage 4 of the plan divides by 2×1')]);
});

test('fewer cases than folds are not validated on', () => {
  const { text } = plannedSpec('nnunet', { ...planned('Dataset900_Anisotropic'), cases: 4 });
  expect(text).not.toMatch(/validate|holdout/);
});

test('a plan with a single stage cannot be expressed', () => {
  const plan = planned('Dataset900_Anisotropic');
  const { plan_2d } = plan;
  const flat = {
    ...plan_2d,
    strides: [[1, 1]],
    features_per_stage: [32],
    n_stages: 1,
    patch_size: [7, 5],
  } as const;
  expect(() => plannedSpec('nnunet', { ...plan, plan_2d: flat })).toThrow(
    /nnunet cannot be set for patches of 7×5 in 1 stage/,
  );
});
