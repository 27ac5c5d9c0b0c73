import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AcquiredDevice, acquireDevice } from '../../src/adapter/acquire.ts';
import { deviceTarget } from '../../src/backend/device-target.ts';
import type { Target } from '../../src/ir/target.ts';
import { kernels } from '../../src/kernels/index.ts';
import { gpuFigures } from '../../src/kernels/measured.ts';
import { ops } from '../../src/ops/index.ts';
import { candidatesOf, type ForcedKernels } from '../../src/plan/candidates.ts';
import { caseNames, opCase, relativeError } from '../ops/cases.ts';
import { resultsOf } from '../ops/on-webgpu.ts';

// Every variant of every op with several computes what that op's fixtures say, whatever it costs.

/** As in the tests of the ops. */
const TOLERANCE = 1e-4;

type Case = ReturnType<typeof opCase>;

/** Names of the variants of each op of a graph that has several. */
function choices({ graph }: Case, target: Target): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const node of graph.nodes) {
    const variants = kernels.get(node.op)?.variants ?? [];
    if (variants.length < 2) continue;
    const fit = candidatesOf(graph, ops, target, node).filter(({ lacks }) => lacks.length === 0);
    found.set(
      node.op,
      fit.map(({ candidate }) => candidate.name),
    );
  }
  return found;
}

async function worstError({ device }: AcquiredDevice, fixture: Case, target: Target, forced: ForcedKernels) {
  const results = await resultsOf(device, fixture, { target, kernels: forced });
  return Math.max(...[...fixture.expected].map(([key, truth]) => relativeError(results.get(key)!, truth)));
}

/** Runs the fixtures by every variant. */
export function describeVariants(): void {
  let acquired: AcquiredDevice;
  beforeAll(async () => {
    acquired = await acquireDevice();
  });
  afterAll(() => acquired?.destroy());

  const run = new Set<string>();

  test.each(caseNames)('%s by each variant', async (name) => {
    const fixture = opCase(name);
    const target = deviceTarget(acquired);
    const several = choices(fixture, target);
    const rounds = Math.max(0, ...[...several.values()].map((names) => names.length));
    for (let i = 0; i < rounds; i++) {
      const forced = new Map([...several].map(([op, names]) => [op, names[i % names.length]]));
      expect(await worstError(acquired, fixture, target, forced), JSON.stringify([...forced])).toBeLessThan(
        TOLERANCE,
      );
      for (const [op, variant] of forced) run.add(`${op}=${variant}`);
    }
  });

  test('every variant was run', () => {
    const all = [...kernels].flatMap(([op, { variants }]) =>
      variants.length < 2 ? [] : variants.map((name) => `${op}=${name}`),
    );
    expect(all.filter((name) => !run.has(name))).toEqual([]);
  });
}

/** Runs the fixtures with the choices and sizes that suit a GPU. */
export function describeGpuChoices(): void {
  let acquired: AcquiredDevice;
  beforeAll(async () => {
    acquired = await acquireDevice();
  });
  afterAll(() => acquired?.destroy());

  test.each(caseNames)('%s as for a GPU', async (name) => {
    const target: Target = { ...deviceTarget(acquired), name: 'as-gpu', kind: 'gpu', measured: gpuFigures };
    expect(await worstError(acquired, opCase(name), target, new Map())).toBeLessThan(TOLERANCE);
  });
}
