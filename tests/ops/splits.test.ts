import fc from 'fast-check';
import { expect, test } from 'vitest';
import { trainingEntries } from '../../src/autodiff/entries.ts';
import { InputError } from '../../src/errors.ts';
import { GraphBuilder } from '../../src/ir/builder.ts';
import {
  elementCount,
  type Graph,
  type Node,
  type Shape,
  sameShape,
  type ValueId,
} from '../../src/ir/graph.ts';
import type { RefTensor } from '../../src/ir/op.ts';
import { isWeighed, type SplitRule, unitsOf } from '../../src/ir/split-rule.ts';
import { check, elaborate, loadSpec } from '../../src/language/index.ts';
import { memoryFiles } from '../../src/language/memory-files.ts';
import { ops } from '../../src/ops/index.ts';
import { interpret } from '../../src/reference/interpret.ts';
import { caseNames, opCase } from './cases.ts';
import { randomSpec } from './random-specs.ts';

/** Float64 with sums in another order: about 1e-15 an addition, of some thousands, which may cancel. */
const TOLERANCE = 1e-11;
const largest = (data: Float64Array) => data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

/** Ops with rules, and how often each rule was seen to hold. */
const seen = new Map<string, number>();

/** Elements `start` to `end` of an axis. */
function slice({ shape, data }: RefTensor, axis: number, start: number, end: number): RefTensor {
  const [outer, inner] = [elementCount(shape.slice(0, axis)), elementCount(shape.slice(axis + 1))];
  const rows = Array.from({ length: outer }, (_, o) =>
    data.slice((o * shape[axis] + start) * inner, (o * shape[axis] + end) * inner),
  );
  return {
    shape: shape.map((n, a) => (a === axis ? end - start : n)),
    data: Float64Array.from(rows.flatMap((row) => [...row])),
  };
}

/** Outputs of a node worked out in parts, and put together. */
function inParts(
  node: Node,
  inputs: readonly RefTensor[],
  outputs: readonly Shape[],
  rule: SplitRule,
  cuts: readonly number[],
) {
  const op = ops.get(node.op)!;
  if (op.kind !== 'primitive') throw new Error(node.op);
  const whole = cuts.at(-1)!;
  const results = outputs.map((shape) => ({ shape, data: new Float64Array(elementCount(shape)) }));
  cuts.slice(1).forEach((to, k) => {
    const from = cuts[k];
    const share = (to - from) / whole;
    const part = (t: RefTensor, axis: number | undefined): RefTensor =>
      axis === undefined ? t : slice(t, axis, (t.shape[axis] * from) / whole, (t.shape[axis] * to) / whole);
    const operands = inputs.map((t, i) => part(t, rule.operands[i]));
    const shapes = outputs.map((shape, o) => {
      const axis = rule.outputs[o];
      return typeof axis === 'number' ? shape.map((n, a) => (a === axis ? n * share : n)) : shape;
    });
    const attrs = { ...node.attrs, ...rule.attrs?.(to - from, whole) };
    const types = operands.map((t) => ({ shape: t.shape }));
    expect(types.every(({ shape }) => shape.every(Number.isInteger))).toBe(true);
    op.reference(operands, attrs, shapes).forEach(({ shape, data: own }, o) => {
      const data = isWeighed(rule, o) ? own.map((v) => v * share) : own;
      const axis = rule.outputs[o];
      const result = results[o];
      if (typeof axis !== 'number') {
        data.forEach((v, i) => {
          result.data[i] += v;
        });
        return;
      }
      const [outer, inner] = [elementCount(shape.slice(0, axis)), elementCount(shape.slice(axis + 1))];
      const row = shape[axis] * inner;
      const start = ((outputs[o][axis] * from) / whole) * inner;
      for (let i = 0; i < outer; i++) {
        result.data.set(data.subarray(i * row, (i + 1) * row), i * outputs[o][axis] * inner + start);
      }
    });
  });
  return results;
}

/** Checks all rules of all nodes of a graph against the nodes as they are. */
function checkGraph(graph: Graph, feeds: ReadonlyMap<ValueId, RefTensor>): void {
  const all = {
    ...graph,
    updates: [],
    outputs: graph.values.map(({ id }) => ({ name: `${id}`, value: id })),
  };
  const used = new Set([...graph.nodes.flatMap((n) => [...n.inputs, ...n.outputs])]);
  const values = interpret({ ...all, outputs: all.outputs.filter((o) => used.has(o.value)) }, ops, feeds);
  for (const node of graph.nodes) {
    const op = ops.get(node.op)!;
    if (op.kind !== 'primitive' || !op.splits) continue;
    const inputs = node.inputs.map((v) => values.get(v)!);
    const shapes = node.outputs.map((v) => graph.values[v].shape);
    const rules = op.splits(
      inputs.map((t) => t.shape),
      shapes,
      node.attrs,
    );
    for (const rule of rules) {
      expect(rule.operands.length, node.op).toBe(inputs.length);
      expect(rule.outputs.length, node.op).toBe(shapes.length);
      const units = unitsOf(
        rule,
        inputs.map((t) => t.shape),
        shapes,
      );
      if (units < 2) continue;
      const cuts = units > 2 ? [0, Math.ceil(units / 3), units] : [0, 1, 2];
      const parts = inParts(node, inputs, shapes, rule, cuts);
      node.outputs.forEach((v, o) => {
        const { data } = values.get(v)!;
        const difference = largest(parts[o].data.map((x, i) => x - data[i]));
        const error = difference / Math.max(largest(data), ...inputs.map((t) => largest(t.data)), 1e-300);
        expect(
          error,
          `${node.op} ${JSON.stringify(rule)} of ${JSON.stringify(inputs.map((t) => t.shape))}`,
        ).toBeLessThan(TOLERANCE);
      });
      expect(parts.every((t, o) => sameShape(t.shape, shapes[o]))).toBe(true);
      seen.set(node.op, (seen.get(node.op) ?? 0) + 1);
    }
  }
}

test.each(caseNames)('%s: the parts of every node together are the node', (name) => {
  const { graph, feeds } = opCase(name);
  const tensors = [...feeds.values()].map(
    ({ value, data }) =>
      [value, { shape: graph.values[value].shape, data: Float64Array.from(data) }] as const,
  );
  checkGraph(graph, new Map(tensors));
});

test('the same for the training steps of random specs', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 6 }), (seeds) => {
      const loaded = loadSpec('random.arch', memoryFiles({ 'random.arch': randomSpec(seeds).text }));
      if (check(loaded, ops).some((d) => d.severity === 'error')) return;
      const { model } = elaborate(loaded, undefined, {}, 2, ops, { training: true });
      let graphs = [model!.graph];
      try {
        const [section] = model!.train;
        graphs = Object.values(trainingEntries(model!, section, section.optimizer, ops).entries);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
      }
      for (const graph of graphs) {
        const feeds = graph.sources.map(({ value }) => {
          const { shape, dtype } = graph.values[value];
          const number = (i: number) => (dtype === 'i32' ? i % 2 : Math.sin(1 + 1.7 * i + value));
          return [
            value,
            { shape, data: Float64Array.from({ length: elementCount(shape) }, (_, i) => number(i)) },
          ] as const;
        });
        checkGraph(graph, new Map(feeds));
      }
    }),
    { numRuns: 100, seed: 20261126 },
  );
});

test('the same for ops that no case has', () => {
  const b = new GraphBuilder(ops);
  const labels = b.source('input', 'labels', [4, 6, 6], 'i32');
  const x = b.source('input', 'x', [2, 3, 4]);
  b.apply('increment', [labels], { by: 3 });
  b.apply('to_float', [labels]);
  b.apply('nearest_labels', [labels], { size: [3, 4] });
  b.apply('place', [x, x], { axis: 1, starts: [0, 5], size: 9 });
  const logits = b.source('input', 'logits', [4, 3, 6, 6]);
  const lse = b.apply('log_sum_exp', [logits]);
  for (const batch of [false, true]) b.apply('dice_sums', [logits, labels, lse], { batch });
  b.apply('dice_loss_from', [logits, labels, lse], { batch: false });
  const graph = b.build();
  const feeds = graph.sources.map(({ value }) => {
    const { shape } = graph.values[value];
    return [
      value,
      { shape, data: Float64Array.from({ length: elementCount(shape) }, (_, i) => i % 3) },
    ] as const;
  });
  checkGraph(graph, new Map(feeds));
});

test('what is computed again', () => {
  const b = new GraphBuilder(ops);
  const x = b.source('input', 'x', [6, 4]);
  b.output('y', b.apply('silu', [b.apply('again', [x])]));
  const data = Float64Array.from({ length: 24 }, (_, i) => Math.sin(i));
  checkGraph(b.build(), new Map([[x, { shape: [6, 4], data }]]));
});

test('every op that has rules was taken apart', () => {
  const missing = [...ops.values()].filter(
    (op) => op.kind === 'primitive' && op.splits && !seen.has(op.name),
  );
  expect(missing.map((op) => op.name)).toEqual([]);
});
