import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AcquiredDevice, type AcquireOptions, acquireDevice } from '../../src/adapter/acquire.ts';
import { deviceTarget } from '../../src/backend/device-target.ts';
import type { Target } from '../../src/ir/target.ts';
import { gpuFigures } from '../../src/kernels/measured.ts';
import type { ForcedKernels } from '../../src/plan/candidates.ts';
import { caseNames, opCase, relativeError } from '../ops/cases.ts';
import { resultsOf } from '../ops/on-webgpu.ts';
import { forOtherKinds, rounds, variantsWithCases } from './forced.ts';

// Every variant of every op with several computes what that op's fixtures say, whatever it costs.

/** As in the tests of the ops. */
const TOLERANCE = 1e-4;

type Case = ReturnType<typeof opCase>;

async function worstError({ device }: AcquiredDevice, fixture: Case, target: Target, forced: ForcedKernels) {
  const results = await resultsOf(device, fixture, { target, kernels: forced });
  return Math.max(...[...fixture.expected].map(([key, truth]) => relativeError(results.get(key)!, truth)));
}

/** A device that all tests of a file use. */
function useDevice(options: AcquireOptions): () => AcquiredDevice {
  let acquired: AcquiredDevice;
  beforeAll(async () => {
    acquired = await acquireDevice(options);
  });
  afterAll(() => acquired?.destroy());
  return () => acquired;
}

/** Runs the fixtures by every variant. */
export function describeVariants(options: AcquireOptions = {}): void {
  const device = useDevice(options);
  const run = new Set<string>();
  const elsewhere = new Set<string>();

  test.each(caseNames)('%s by each variant', async (name) => {
    const fixture = opCase(name);
    const target = deviceTarget(device());
    for (const forced of rounds(fixture.graph, target)) {
      expect(await worstError(device(), fixture, target, forced), JSON.stringify([...forced])).toBeLessThan(
        TOLERANCE,
      );
      for (const [op, variant] of forced) run.add(`${op}=${variant}`);
    }
    for (const variant of forOtherKinds(fixture.graph, target)) elsewhere.add(variant);
  });

  test('every variant was run, but for those of other kinds of devices', () => {
    expect(variantsWithCases.filter((name) => !run.has(name) && !elsewhere.has(name))).toEqual([]);
  });
}

/** Runs the fixtures with the choices and sizes that suit a GPU. */
export function describeGpuChoices(options: AcquireOptions = {}): void {
  const device = useDevice(options);

  test.each(caseNames)('%s as for a GPU', async (name) => {
    const target: Target = { ...deviceTarget(device()), name: 'as-gpu', kind: 'gpu', measured: gpuFigures };
    expect(await worstError(device(), opCase(name), target, new Map())).toBeLessThan(TOLERANCE);
  });
}
