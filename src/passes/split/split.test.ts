import { describe, expect, test } from 'vitest';
import { results } from '../../../tests/passes/check-pass.ts';
import { trainingEntries } from '../../autodiff/entries.ts';
import { trainSection } from '../../compiler/model.ts';
import { openModel } from '../../files/open.ts';
import { GraphBuilder } from '../../ir/builder.ts';
import { elementCount, type Graph } from '../../ir/graph.ts';
import { printGraph } from '../../ir/print.ts';
import { verifyGraph } from '../../ir/verify.ts';
import { portableTarget } from '../../kernels/targets.ts';
import { ops } from '../../ops/index.ts';
import { prune } from '../prune.ts';
import { split } from './index.ts';

const context = (limit: number) => ({
  ops,
  target: { ...portableTarget, limits: { ...portableTarget.limits, maxStorageBufferBindingSize: limit } },
});
const run = (graph: Graph, limit: number) => prune.run(split.run(graph, context(limit)), context(limit));
const text = (graph: Graph) => printGraph(graph).trim().split('\n');

/** Bytes of the largest tensor that a kernel binds. */
function largestBound(graph: Graph): number {
  const bound = graph.nodes
    .filter(({ op }) => !['part', 'join', 'pack'].includes(op))
    .flatMap((node) => [...node.inputs, ...node.outputs]);
  return Math.max(...bound.map((v) => 4 * elementCount(graph.values[v].shape)));
}

function expectSame(before: Graph, after: Graph): void {
  expect(verifyGraph(after, ops)).toEqual([]);
  const [one, other] = [results(before), results(after)];
  one.forEach((data, i) => {
    const largest = data.reduce((most, v) => Math.max(most, Math.abs(v)), 1e-9);
    const difference = data.reduce((most, v, k) => Math.max(most, Math.abs(v - other[i][k])), 0);
    // Float64; sums of weight gradients in another order.
    expect(difference / largest).toBeLessThan(1e-10);
  });
}

describe('what is too large is taken apart', () => {
  test('along the batch, each part in its place within the whole', () => {
    const b = new GraphBuilder(ops);
    const x = b.source('input', 'x', [4, 8, 8]);
    b.output('y', b.apply('silu', [x]));
    const after = run(b.build(), 512);
    expect(text(after).slice(1)).toMatchInlineSnapshot(`
      [
        "%2: f32[2, 8, 8] = part(%0) axis=0 start=0 end=2",
        "%3: f32[2, 8, 8] = silu(%2)",
        "%4: f32[2, 8, 8] = part(%0) axis=0 start=2 end=4",
        "%5: f32[2, 8, 8] = silu(%4)",
        "%6: f32[4, 8, 8] = join(%3, %5) axis=0",
        "output "y" = %6",
      ]
    `);
    expectSame(b.build(), after);
  });

  test('along the next axis where one sample is too large', () => {
    const b = new GraphBuilder(ops);
    const x = b.source('input', 'x', [2, 4, 8, 8]);
    const w = b.source('param', 'w', [4, 4, 3, 3]);
    const y = b.apply('silu', [b.apply('convolution', [b.apply('relu', [x]), w], { padding: 1 })]);
    b.output('y', y);
    const after = run(b.build(), 576);
    expect(largestBound(after)).toBeLessThanOrEqual(576);
    expectSame(b.build(), after);
  });

  test('rows that begin where no binding can, without copies', () => {
    const b = new GraphBuilder(ops);
    const x = b.source('input', 'x', [3, 1003]);
    b.output('y', b.apply('silu', [x]));
    // A binding begins up to 252 bytes before them.
    const after = run(b.build(), 4 * 1003 + 252);
    const part = ['part', 'silu'];
    expect(after.nodes.map((node) => node.op)).toEqual([...part, ...part, ...part, 'join']);
    expectSame(b.build(), after);
  });

  test('what is packed of a large value is copied into its pack', () => {
    const b = new GraphBuilder(ops);
    const x = b.apply('silu', [b.source('input', 'x', [4, 300])]);
    const [p0, p1, rest] = b.applyAll('split', [x], { sizes: [1, 1, 2], axis: 0 });
    b.update([b.source('carry', 'c', [640])], b.apply('pack', [b.reshape(p1, [300]), p0]));
    b.output('rest', rest);
    const after = run(b.build(), 4000);
    const cut = after.nodes.slice(after.nodes.findIndex(({ op }) => op === 'join') + 1).map(({ op }) => op);
    expect(cut).toEqual(['part', 'detach', 'part', 'detach', 'part', 'reshape', 'pack']);
    expectSame(b.build(), after);
    expect(verifyGraph(after, ops, { placed: true })).toEqual([]);
  });

  test('a long vector, which could be cut almost anywhere', () => {
    const b = new GraphBuilder(ops);
    b.output('y', b.apply('silu', [b.source('input', 'x', [2 ** 27])]));
    const after = run(b.build(), 2 ** 27);
    expect(after.nodes.map((node) => node.op)).toEqual([
      ...Array.from({ length: 4 }, () => ['part', 'silu']).flat(),
      'join',
    ]);
  });

  test('nothing where all fits, and where something of it cannot be', () => {
    const b = new GraphBuilder(ops);
    const x = b.source('input', 'x', [4, 8, 8]);
    b.output('y', b.apply('silu', [b.apply('roll', [x], { shifts: [1], axes: [0] })]));
    const graph = b.build();
    expect(split.run(graph, context(1024))).toBe(graph);
    expect(split.run(graph, context(512))).toBe(graph);
  });

  test.each([16384, 8192, 6144])('gradients within bindings of %i bytes', (limit) => {
    const model = openModel('tests/networks/split.arch', { batch: 4, training: true });
    const section = trainSection(model);
    const graph = trainingEntries(model, section, section.optimizer, ops).entries['gradients'];
    const after = run(graph, limit);
    expect(largestBound(graph)).toBeGreaterThan(32000);
    expect(largestBound(after)).toBeLessThanOrEqual(limit);
    expectSame(graph, after);
  });
});
