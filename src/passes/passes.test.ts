import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { trainingEntries } from '../autodiff/entries.ts';
import { trainSection } from '../compiler/model.ts';
import { openModel } from '../files/open.ts';
import { GraphBuilder } from '../ir/builder.ts';
import type { Graph, ValueId } from '../ir/graph.ts';
import { printGraph } from '../ir/print.ts';
import { portableTarget } from '../kernels/targets.ts';
import { ops } from '../ops/index.ts';
import { passes, runPasses } from './index.ts';

const context = { ops, target: portableTarget };
const nuclei = fileURLToPath(new URL('../../examples/nuclei/nuclei.arch', import.meta.url));

function gradientsEntry(): Graph {
  const model = openModel(nuclei, { batch: 2, training: true });
  const section = trainSection(model);
  return trainingEntries(model, section, section.optimizer, ops).entries['gradients'];
}

test('names are different, and documented', () => {
  const names = passes.map((pass) => pass.name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, doc } of passes) {
    expect(name).toMatch(/^[a-z-]+$/);
    expect(doc).toMatch(/\.$/);
  }
});

describe('all passes over the gradients of a network', () => {
  const graph = gradientsEntry();
  const passed = runPasses(graph, context, { verify: true });

  test('sources and outputs keep their names and order', () => {
    expect(passed.sources).toEqual(graph.sources);
    expect(passed.outputs.map((o) => o.name)).toEqual(graph.outputs.map((o) => o.name));
    expect(passed.updates.map((u) => u.sources)).toEqual(graph.updates.map((u) => u.sources));
  });

  test('the same graph gives the same text', () => {
    expect(printGraph(runPasses(gradientsEntry(), context))).toBe(printGraph(passed));
  });

  test('a second run finds nothing to do', () => {
    expect(printGraph(runPasses(passed, context))).toBe(printGraph(passed));
  });
});

test('a graph that is wrong is told with the pass that made it', () => {
  const b = new GraphBuilder(ops);
  const y = b.apply('silu', [b.source('input', 'x', [4])]);
  b.output('y', y);
  const graph = b.build();
  const broken = { ...graph, values: graph.values.map((v) => (v.id === y ? { ...v, shape: [5] } : v)) };
  expect(() => runPasses(broken, context, { verify: true })).toThrow(/before the first pass.*silu/);
  expect(() => runPasses(graph, context, { after: 'bake' })).toThrow(/no pass named bake/);
});

test('prune drops what nothing depends on', () => {
  const b = new GraphBuilder(ops);
  const x = b.source('input', 'x', [4]);
  b.apply('silu', [x]);
  b.output('y', b.apply('relu', [x]));
  const text = (graph: Graph) => printGraph(graph).split('\n').slice(1, -1);
  expect(text(runPasses(b.build(), context, { after: 'prune' }))).toEqual([
    '%2: f32[4] = relu(%0)',
    'output "y" = %2',
  ]);
  expect(b.build().nodes.map((n) => n.outputs[0])).toEqual([1, 2] as ValueId[]);
});
