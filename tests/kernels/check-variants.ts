import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AcquiredDevice, acquireDevice } from '../../src/adapter/acquire.ts';
import { deviceTarget } from '../../src/backend/device-target.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import type { Target } from '../../src/ir/target.ts';
import { kernels } from '../../src/kernels/index.ts';
import { gpuFigures } from '../../src/kernels/measured.ts';
import { ops } from '../../src/ops/index.ts';
import { candidatesOf, type ForcedKernels } from '../../src/plan/candidates.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { Session } from '../../src/runtime/session.ts';
import { caseNames, opCase, relativeError } from '../ops/cases.ts';

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

async function worstError(
  acquired: AcquiredDevice,
  { graph, feeds, expected }: Case,
  target: Target,
  forced: ForcedKernels,
) {
  const options = { model: 'case', batch: 1, target, kernels: forced };
  const program = planProgram({ forward: graph }, ops, kernelRenderer(), options);
  const session = await Session.create(acquired.device, program);
  for (const [n, { value, data }] of feeds) {
    if (!session.has('input', n)) continue;
    const typed = graph.values[value].dtype === 'i32' ? Int32Array.from(data) : Float32Array.from(data);
    session.write('input', n, typed);
  }
  session.run('forward');
  const results = await session.readOutputs('forward', [...expected.keys()]);
  session.destroy();
  return Math.max(...[...expected].map(([key, truth]) => relativeError(results.get(key)!, truth)));
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
