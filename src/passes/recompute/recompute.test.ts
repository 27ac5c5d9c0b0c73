import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { results } from '../../../tests/passes/check-pass.ts';
import { GraphBuilder } from '../../ir/builder.ts';
import type { Graph, ValueId } from '../../ir/graph.ts';
import { readsOfOverwritten } from '../../ir/overwrites.ts';
import { printGraph } from '../../ir/print.ts';
import { verifyGraph } from '../../ir/verify.ts';
import { portableTarget } from '../../kernels/targets.ts';
import { ops } from '../../ops/index.ts';
import { Recomputation, recompute } from './index.ts';

const context = { ops, target: portableTarget };
const peak = (graph: Graph) => new Recomputation(graph, ops, portableTarget).peak;
const names = (graph: Graph) => graph.nodes.map((node) => node.op);

const matrices = (graph: Graph) => names(graph).filter((name) => name === 'einsum').length;

/** The graph within a budget, which must be sound and compute the same to the last bit. */
function within(graph: Graph, budget: number): Graph {
  const after = recompute.run(graph, { ...context, budget });
  expect(verifyGraph(after, ops)).toEqual([]);
  expect(readsOfOverwritten(after, ops).length).toBeLessThanOrEqual(readsOfOverwritten(graph, ops).length);
  expect(results(after)).toEqual(results(graph));
  expect(after.sources).toEqual(graph.sources);
  expect(printGraph(recompute.run(graph, { ...context, budget }))).toBe(printGraph(after));
  return after;
}

/** Bytes of a value of a chain: a 64×64 matrix. */
const UNIT = 4 * 64 * 64;
const times = (b: GraphBuilder, x: ValueId, y: ValueId) => b.einsum('i j, j k -> i k', x, y);

/** Layers f1 … fn, each of the one before, and a way back that reads them from the last to the first. */
function thereAndBack(layers: number): Graph {
  const b = new GraphBuilder(ops);
  const w = b.source('param', 'w', [64, 64]);
  const forward = [b.source('input', 'x', [64, 64])];
  for (let i = 0; i < layers; i++) {
    b.scope = `layers.${i}`;
    forward.push(times(b, forward[i], w));
  }
  b.output(
    'y',
    forward.reduceRight((g, f) => times(b, g, f), w),
  );
  return b.build();
}

describe('a budget of memory', () => {
  const graph = thereAndBack(3);
  test('that suffices, or none, leaves the graph as it is', () => {
    // When the way back reads the last layer: three layers, and the product.
    expect(peak(graph)).toBe(4 * UNIT);
    expect(recompute.run(graph, context)).toBe(graph);
    expect(recompute.run(graph, { ...context, budget: 4 * UNIT })).toBe(graph);
  });

  test('that lacks one value has the one computed again that is read last, from a source', () => {
    const after = within(graph, 3 * UNIT);
    expect(peak(after)).toBe(3 * UNIT);
    expect(matrices(after)).toBe(matrices(graph) + 1);
    const again = after.nodes.filter(({ scope }) => scope === 'layers.0');
    expect(again.map(({ op }) => op)).toEqual(['einsum', 'einsum']);
    // Right before the one node that reads it.
    const at = after.nodes.indexOf(again[1]);
    expect(after.nodes[at + 1].inputs).toContain(again[1].outputs[0]);
  });

  test('for which layers are computed again from layers that are', () => {
    const long = thereAndBack(8);
    const after = within(long, 4 * UNIT);
    expect(peak(long)).toBe(9 * UNIT);
    expect(peak(after)).toBe(4 * UNIT);
    expect(matrices(after)).toBeGreaterThan(matrices(long) + 4);
  });

  test('below what one node needs is kept to as far as it goes', () => {
    // The product, what it is of, and nothing else.
    expect(peak(within(graph, UNIT))).toBe(3 * UNIT);
  });
});

describe('what stays where it is', () => {
  test('outputs and packed values', () => {
    const b = new GraphBuilder(ops);
    const [x, w] = [b.source('input', 'x', [64, 64]), b.source('param', 'w', [64, 64])];
    const [f, p] = [times(b, x, w), times(b, w, x)];
    const g = times(b, times(b, times(b, x, x), w), w);
    b.output('f', f);
    b.update([b.source('carry', 'p', [64 * 64])], b.apply('pack', [p]));
    b.output('y', times(b, times(b, g, f), p));
    const graph = b.build();
    expect(names(within(graph, UNIT))).toEqual(names(graph));
  });

  test('what follows from a source that is overwritten', () => {
    const build = (early: boolean) => {
      const b = new GraphBuilder(ops);
      const x = b.source('input', 'x', [64, 64]);
      const [s, one] = [b.source('buffer', 's', [64 * 64]), b.source('input', 'one', [])];
      const next = b.source('carry', 'next', [64 * 64]);
      const f = times(b, b.reshape(s, [64, 64]), x);
      const update = () => b.update([s], b.apply('buffer_step', [s, next, one, one]));
      if (early) update();
      const t = times(b, x, x);
      b.output('y', times(b, times(b, t, times(b, t, x)), f));
      if (!early) update();
      return b.build();
    };
    expect(matrices(within(build(false), 3 * UNIT))).toBe(matrices(build(false)) + 1);
    expect(names(within(build(true), 3 * UNIT))).toEqual(names(build(true)));
  });
});

test('what only fused kernels know takes no memory, and is computed again with what they store', () => {
  const b = new GraphBuilder(ops);
  const [x, w] = [b.source('input', 'x', [64, 64]), b.source('param', 'w', [64, 64])];
  // A product whose chain stores its end only; the gelu of a norm, which the way back reads too.
  const f = b.affine(b.apply('relu', [times(b, x, w)]), 2);
  const [g, k] = [b.apply('gelu', [f]), b.apply('tanh', [f])];
  const h = times(b, times(b, times(b, times(b, g, k), w), w), w);
  b.output('y', times(b, times(b, times(b, h, g), k), f));
  const graph = b.build();
  expect(peak(graph)).toBe(5 * UNIT);
  const after = within(graph, 4 * UNIT);
  expect(peak(after)).toBe(4 * UNIT);
  // The tanh, which is read last, costs little as long as what it is of is there.
  expect(names(after).filter((name) => name === 'tanh')).toHaveLength(2);
  expect(names(after).filter((name) => name === 'gelu' || name === 'relu')).toHaveLength(2);
  const late = after.nodes.find(({ op }) => op === 'again')!;
  expect(late.inputs).toEqual([f]);
  expect(after.nodes.findLast(({ op }) => op === 'tanh')!.inputs).toEqual(late.outputs);
});

/** What a step of a random graph appends, of the values so far. */
const steps: readonly ((b: GraphBuilder, x: ValueId, y: ValueId) => ValueId[])[] = [
  (b, x, y) => [times(b, x, y)],
  (b, x, y) => [b.add(x, b.reshape(b.reshape(y, [64]), [8, 8]))],
  (b, x) => [b.apply('tanh', [x])],
  (b, x) => [b.permute(x, [1, 0])],
  (b, x) => b.applyAll('split', [b.apply('concat', [x, x], { axis: 1 })], { axis: 1, sizes: [8, 8] }),
  (b, x) => [b.apply('softmax', [x], { axis: 1 })],
  (b, x) => [b.mul(x, b.sum(x, [0], true))],
];

test('any graph within any budget computes what it did, to the last bit', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(steps.length - 1), fc.nat(), fc.nat()), { minLength: 3, maxLength: 40 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.option(fc.nat(40)),
      (made, read, share, overwritten) => {
        const b = new GraphBuilder(ops);
        const [x, one] = [b.source('input', 'x', [8, 8]), b.source('input', 'one', [])];
        const s = b.source('buffer', 's', [64]);
        const values = [x, b.reshape(s, [8, 8])];
        made.forEach(([step, i, k], at) => {
          values.push(...steps[step](b, values[i % values.length], values[k % values.length]));
          if (at !== overwritten) return;
          const next = b.apply('buffer_step', [s, b.reshape(values[i % values.length], [64]), one, one]);
          b.update([s], next);
          values[1] = b.reshape(next, [8, 8]);
        });
        const pack = b.apply('pack', [b.apply('exp', [values[read[0] % values.length]])]);
        b.update([b.source('carry', 'packed', b.shape(pack))], pack);
        read.forEach((i, k) => {
          b.output(`y${k}`, values[i % values.length]);
        });
        const graph = b.build();
        within(graph, share * peak(graph));
      },
    ),
    { numRuns: 300 },
  );
});
