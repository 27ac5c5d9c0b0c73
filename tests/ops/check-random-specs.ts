import fc from 'fast-check';
import { expect, test } from 'vitest';
import { trainingGraph } from '../../src/autodiff/training.ts';
import { nodeRenderer } from '../../src/compiler/files.ts';
import { portableLimits } from '../../src/compiler/portable.ts';
import { InputError } from '../../src/errors.ts';
import { elementCount, type Graph } from '../../src/ir/graph.ts';
import { verifyGraph } from '../../src/ir/verify.ts';
import { check, type ElaboratedModel, elaborate, loadSpec } from '../../src/language/index.ts';
import { memoryFiles } from '../../src/language/memory-files.ts';
import { ops } from '../../src/ops/index.ts';
import { planGraph } from '../../src/plan/plan.ts';
import { interpret } from '../../src/reference/interpret.ts';
import { randomSpec } from './random-specs.ts';

const renderer = nodeRenderer();

/** Verifies, plans and interprets a graph; an exception is a fault of the compiler. */
function runs(graph: Graph): void {
  expect(verifyGraph(graph, ops)).toEqual([]);
  const bundle = planGraph(graph, ops, renderer, { model: 'Random', batch: 2, limits: portableLimits });
  expect(bundle.manifest.requires.maxStorageBuffersPerShaderStage).toBeLessThanOrEqual(8);
  const feeds = new Map(
    graph.sources.map(({ value }) => {
      const { shape } = graph.values[value];
      const data = Float64Array.from({ length: elementCount(shape) }, (_, i) => (i % 7) % 2);
      return [value, { shape, data }];
    }),
  );
  for (const [value, { shape, data }] of interpret(graph, ops, feeds)) {
    expect([...shape]).toEqual([...graph.values[value].shape]);
    expect(data.length).toBe(elementCount(shape));
  }
}

/** The graph of a training step; the forward graph where training refuses the model with reason. */
function stepOf(model: ElaboratedModel): Graph {
  try {
    return trainingGraph(model, model.train[0], model.train[0].optimizer, ops).graph;
  } catch (error) {
    // Statistics of one value a channel depend on the batch, which `check` does not know.
    if (error instanceof InputError && error.code === 'batch-too-small') return model.graph;
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
    runs(training ? stepOf(model!) : model!.graph);
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
      expect(missing.map((op) => op.name)).toEqual(['cross_entropy', 'dice_loss']);
    }
  });
}
