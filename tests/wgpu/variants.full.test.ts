import { expect, test } from 'vitest';
import { namedTarget, portableTarget } from '../../src/kernels/targets.ts';
import { choices, forOtherKinds, variantsWithCases } from '../kernels/forced.ts';
import { caseNames, opCase } from '../ops/cases.ts';
import { describeVariantsOnWgpu } from './variants.ts';

const gpu = namedTarget('webgpu-gpu');

test('every variant of every op for WebGPU is in some case', () => {
  const missing = new Set(variantsWithCases);
  for (const { graph } of caseNames.map(opCase)) {
    for (const variant of forOtherKinds(graph, gpu)) missing.delete(variant);
    for (const [op, names] of choices(graph, gpu)) for (const name of names) missing.delete(`${op}=${name}`);
  }
  expect([...missing]).toEqual([]);
});

describeVariantsOnWgpu(caseNames, [portableTarget, gpu]);
