import fc from 'fast-check';
import { expect, test } from 'vitest';
import { trainingEntries } from '../../src/autodiff/entries.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { InputError } from '../../src/errors.ts';
import { elementCount, type Graph } from '../../src/ir/graph.ts';
import { verifyGraph } from '../../src/ir/verify.ts';
import { portableTarget } from '../../src/kernels/targets.ts';
import { check, type ElaboratedModel, elaborate, loadSpec } from '../../src/language/index.ts';
import { memoryFiles } from '../../src/language/memory-files.ts';
import { ops } from '../../src/ops/index.ts';
import { runPasses } from '../../src/passes/index.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { losses } from '../../src/recipe/losses.ts';
import { interpret } from '../../src/reference/interpret.ts';
import { randomSpec } from './random-specs.ts';

const renderer = kernelRenderer();

/** Verifies, plans and interprets a graph; an exception is a fault of the compiler. */
function runs(graph: Graph): void {
  expect(verifyGraph(graph, ops)).toEqual([]);
  const program = planProgram({ forward: graph }, ops, renderer, {
    model: 'Random',
    batch: 2,
    target: portableTarget,
    verify: true,
  });
  expect(program.requires.maxStorageBuffersPerShaderStage).toBeLessThanOrEqual(8);
  const feeds = new Map(
    graph.sources.map(({ value }) => {
      const { shape } = graph.values[value];
      const data = Float64Array.from({ length: elementCount(shape) }, (_, i) => (i % 7) % 2);
      return [value, { shape, data }];
    }),
  );
  const results = interpret(graph, ops, feeds);
  for (const [value, { shape, data }] of results) {
    expect([...shape]).toEqual([...graph.values[value].shape]);
    expect(data.length).toBe(elementCount(shape));
  }
  const passed = runPasses(graph, { ops, target: portableTarget });
  const after = interpret(passed, ops, feeds);
  const ends = (g: Graph) => [...g.outputs, ...g.updates].map((o) => o.value);
  const values = ends(passed).map((v) => after.get(v)!.data);
  ends(graph).forEach((v, k) => {
    expectSame(results.get(v)!.data, values[k]);
  });
}

/** Equal to 1e-12 of the largest finite element; infinities and NaN are where they were. */
function expectSame(before: Float64Array, after: Float64Array): void {
  const largest = before.reduce((m, x) => (Number.isFinite(x) ? Math.max(m, Math.abs(x)) : m), 0);
  const differ = before.findIndex((x, i) => {
    const y = after[i];
    return !(Object.is(x, y) || x === y || Math.abs(x - y) <= 1e-12 * largest);
  });
  expect(differ, `${before[differ]} became ${after[differ]}`).toBe(-1);
}

/** The graphs of a training step; the forward graph where training refuses the model with reason. */
function stepOf(model: ElaboratedModel): Graph[] {
  try {
    return Object.values(trainingEntries(model, model.train[0], model.train[0].optimizer, ops).entries);
  } catch (error) {
    // Statistics of one value a channel depend on the batch, which `check` does not know.
    if (error instanceof InputError && error.code === 'batch-too-small') return [model.graph];
    throw error;
  }
}

/** Whether the spec is legal; then every later stage takes it, too. */
function holds(text: string): boolean {
  const loaded = loadSpec('random.arch', memoryFiles({ 'random.arch': text }));
  if (check(loaded, ops).some((d) => d.severity === 'error')) return false;
  for (const training of [false, true]) {
    const { model, diagnostics } = elaborate(loaded, undefined, {}, 2, ops, { training });
    expect(diagnostics.filter((d) => d.severity === 'error').map((d) => d.message)).toEqual([]);
    for (const graph of training ? stepOf(model!) : [model!.graph]) runs(graph);
  }
  return true;
}

/** What `check` accepts, everything after it accepts: for so many random specs. */
export function describeRandomSpecs(count: number): void {
  test(`${count} random specs: what check accepts can be trained, planned and run`, () => {
    const called = new Set<string>();
    let legal = 0;
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 8 }), (seeds) => {
        const spec = randomSpec(seeds);
        if (!holds(spec.text)) return;
        legal++;
        for (const name of spec.called) called.add(name);
      }),
      { numRuns: count, seed: 20261126 },
    );
    // Most are legal, and every op that a spec can call is among them.
    expect(legal).toBeGreaterThan(0.6 * count);
    if (count >= 200) {
      const missing = [...ops.values()].filter((op) => !op.internal && !called.has(op.name));
      // A spec has no tensors of class ids to call losses with.
      const ofLosses = new Set(Object.values(losses).map(({ op }) => op));
      expect(new Set(missing.map((op) => op.name))).toEqual(ofLosses);
    }
  });
}
