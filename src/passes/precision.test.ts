import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../ir/builder.ts';
import type { Graph, ValueId } from '../ir/graph.ts';
import { printGraph } from '../ir/print.ts';
import { verifyGraph } from '../ir/verify.ts';
import { namedTarget } from '../kernels/targets.ts';
import { ops } from '../ops/index.ts';
import { precision } from './precision.ts';

const context = { ops, target: namedTarget('lavapipe') };
const run = (graph: Graph) => precision.run(graph, { ...context, precision: 'f16' });
const halved = (graph: Graph) => run(graph).values.flatMap((v) => (v.storage === 'f16' ? [v.id] : []));

describe('half precision', () => {
  test('is left alone where it is not asked for', () => {
    const b = new GraphBuilder(ops);
    b.output('y', b.apply('exp', [b.apply('relu', [b.source('input', 'x', [4])])]));
    const graph = b.build();
    expect(precision.run(graph, context)).toBe(graph);
    expect(precision.run(graph, { ...context, precision: 'f32' })).toBe(graph);
  });

  test('keeps what is computed between inputs and outputs, and is printed', () => {
    const b = new GraphBuilder(ops);
    const w = b.apply('exp', [b.source('param', 'w', [4])]);
    const x = b.source('input', 'x', [2, 4]);
    const y = b.reshape(b.mul(b.apply('relu', [x]), w), [8]);
    b.output('y', b.reshape(b.apply('exp', [y]), [2, 4]));
    const graph = run(b.build());
    expect(verifyGraph(graph, ops)).toEqual([]);
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "param %0: f32[4] "w"
      input %2: f32[2, 4] "x"
      %1: f32[4] = exp(%0)
      %3: f32[2, 4] in f16 = relu(%2)
      %4: f32[2, 4] in f16 = mul(%3, %1)
      %5: f32[8] in f16 = reshape(%4) shape=<8>
      %6: f32[8] = exp(%5)
      %7: f32[2, 4] = reshape(%6) shape=<2, 4>
      output "y" = %7
      "
    `);
  });

  test('leaves sums, statistics, whole numbers and views of sources in f32', () => {
    const b = new GraphBuilder(ops);
    const x = b.source('input', 'x', [1, 4, 8]);
    const flat = b.reshape(x, [4, 8]);
    const [normed, stats] = b.applyAll('layer_norm_with_stats', [b.apply('relu', [flat])]);
    const sum = b.reshape(b.sum(normed, [1]), [1, 4]);
    const ids = b.apply('increment', [b.source('input', 'ids', [4], 'i32')], { by: 1 });
    b.output('y', b.apply('exp', [sum]));
    b.output('stats', b.apply('exp', [stats]));
    b.output('ids', b.apply('increment', [ids], { by: 1 }));
    const found = halved(b.build());
    expect(found).toContain(normed);
    for (const v of [x, flat, stats, sum, ids]) expect(found).not.toContain(v);
  });

  test('leaves updates, packs and what is changed in place in f32', () => {
    const b = new GraphBuilder(ops);
    const x = b.source('input', 'x', [64]);
    const state = b.state('s', [64]);
    const next = b.apply('relu', [x]);
    b.update([state], next);
    const parts = [b.apply('exp', [x]), b.apply('silu', [x])];
    b.output('y', b.apply('exp', [b.apply('pack', parts)]));
    expect(halved(b.build())).toEqual([]);
  });

  test.each([
    [128, true],
    [64, false],
  ])('keeps parts that begin after %i elements in it: %s', (first, kept) => {
    const b = new GraphBuilder(ops);
    const x = b.source('input', 'x', [512]);
    const parts = [first, 128].map((n) =>
      b.apply('exp', [b.apply('slice', [x], { axis: 0, start: 0, end: n })]),
    );
    const whole = b.apply('join', parts, { axis: 0 });
    const part = b.apply('part', [whole], { axis: 0, start: first, end: first + 128 });
    b.output('y', b.apply('exp', [part]));
    const found = halved(b.build());
    for (const v of [...parts, whole, part]) expect(found.includes(v)).toBe(kept);
    expect(verifyGraph(run(b.build()), ops)).toEqual([]);
  });
});

test('what leaves no binding for the flag stays in f32', () => {
  const b = new GraphBuilder(ops);
  const x = b.source('input', 'x', [2, 8]);
  const weights = [b.source('param', 'w', [8]), b.source('param', 'b', [8])];
  const y = b.apply('layer_norm', [b.apply('exp', [x]), ...weights]);
  b.output('y', b.apply('exp', [y]));
  const kept = (maxStorageBuffersPerShaderStage: number) => {
    const { target } = context;
    const narrow = { ...target, limits: { ...target.limits, maxStorageBuffersPerShaderStage } };
    const { values } = precision.run(b.build(), { ops, target: narrow, precision: 'f16' });
    return values[y].storage;
  };
  // Three operands, the result, its statistics.
  expect([kept(5), kept(6)]).toEqual([undefined, 'f16']);
});

describe('a graph is wrong that keeps in half precision', () => {
  const b = new GraphBuilder(ops);
  const x = b.source('input', 'x', [64]);
  const y = b.apply('relu', [x]);
  const view = b.reshape(y, [8, 8]);
  const packed = b.apply('pack', [b.apply('exp', [x]), b.apply('silu', [x])]);
  const ids = b.apply('increment', [b.source('input', 'ids', [4], 'i32')], { by: 1 });
  const out = b.add(b.reshape(view, [64]), b.sum(packed, [0]));
  b.output('y', out);
  b.output('ids', b.apply('increment', [ids], { by: 1 }));
  const graph = b.build();
  const marked = (...vs: ValueId[]): Graph => ({
    ...graph,
    values: graph.values.map((v) => (vs.includes(v.id) ? { ...v, storage: 'f16' } : v)),
  });

  test.each([
    ['a source', [x], /^%0 is a source, and cannot be in f16$/],
    ['a result', [out], /is a result/],
    ['whole numbers', [ids], /is i32/],
    ['a pack', [packed], /in the memory of node \d+ \(pack\)/],
    ['a value, but not its view', [y], /node \d+ \(reshape\) has f32 and f16 in one memory/],
  ])('%s', (_, values, message) => {
    expect(verifyGraph(marked(...values), ops).join('\n')).toMatch(new RegExp(message.source, 'm'));
  });
});
