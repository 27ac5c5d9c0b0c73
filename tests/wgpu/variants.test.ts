import { expect, test } from 'vitest';
import { namedTarget } from '../../src/kernels/targets.ts';
import { choices, forOtherKinds, variantsWithCases } from '../kernels/forced.ts';
import { caseNames, opCase } from '../ops/cases.ts';
import { describeVariantsOnWgpu } from './variants.ts';

const target = namedTarget('webgpu-gpu');

/** The first cases of the fixtures that together have every variant of every op for WebGPU; all are in variants.full.test.ts. */
const missing = new Set(variantsWithCases);
for (const name of caseNames)
  for (const variant of forOtherKinds(opCase(name).graph, target)) missing.delete(variant);
const chosen = caseNames.filter((name) => {
  const found = [...choices(opCase(name).graph, target)].flatMap(([op, names]) =>
    names.map((variant) => `${op}=${variant}`),
  );
  return found.filter((variant) => missing.delete(variant)).length > 0;
});

test('every variant of every op for WebGPU is in some case', () => {
  expect([...missing]).toEqual([]);
});

describeVariantsOnWgpu(chosen, [target]);
