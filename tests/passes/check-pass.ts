import { expect } from 'vitest';
import { GraphBuilder } from '../../src/ir/builder.ts';
import { elementCount, type Graph, type ValueId } from '../../src/ir/graph.ts';
import type { RefTensor } from '../../src/ir/op.ts';
import { printGraph } from '../../src/ir/print.ts';
import { verifyGraph } from '../../src/ir/verify.ts';
import { portableTarget } from '../../src/kernels/targets.ts';
import { ops } from '../../src/ops/index.ts';
import type { Pass } from '../../src/passes/pass.ts';
import { interpret } from '../../src/reference/interpret.ts';

/** Inputs x0, x1, … of these shapes, %0, %1, …; the outputs are what `build` returns. */
export function graphOf(
  shapes: readonly (readonly number[])[],
  build: (b: GraphBuilder, ...inputs: ValueId[]) => ValueId | ValueId[],
): Graph {
  const b = new GraphBuilder(ops);
  const inputs = shapes.map((s, i) => b.source('input', `x${i}`, s));
  [build(b, ...inputs)].flat().forEach((v, i) => {
    b.output(`y${i}`, v);
  });
  return b.build();
}

/** The lines of nodes and outputs, values numbered by where they stand, without types. */
export function lines(graph: Graph): string[] {
  const names = new Map<string, string>();
  for (const s of graph.sources) names.set(`%${s.value}`, s.name);
  graph.nodes.forEach((node, i) => {
    node.outputs.forEach((v, k) => {
      names.set(`%${v}`, node.outputs.length > 1 ? `${i}.${k}` : `${i}`);
    });
  });
  return printGraph(graph)
    .split('\n')
    .filter((line) => line.startsWith('%') || line.startsWith('output'))
    .map((line) => line.replace(/^.*\] = /, '').replaceAll(/%\d+/g, (v) => names.get(v) ?? v));
}

/** Outputs and updates in float64 for sources that are made up. */
export function results(graph: Graph): Float64Array[] {
  const feeds = graph.sources.map(({ value }): [ValueId, RefTensor] => {
    const { shape, dtype } = graph.values[value];
    const number = (i: number) => (dtype === 'i32' ? i % 2 : Math.sin(1 + 1.7 * i + value));
    return [value, { shape, data: Float64Array.from({ length: elementCount(shape) }, (_, i) => number(i)) }];
  });
  const found = interpret(graph, ops, new Map(feeds));
  return [...graph.outputs, ...graph.updates].map(({ value }) => found.get(value)!.data);
}

/** Elements of both signs, with zeros, infinities and a NaN among them. */
function feedsOf(graph: Graph, special: boolean) {
  return new Map(
    graph.sources.map(({ value }, n) => {
      const { shape } = graph.values[value];
      const data = Float64Array.from({ length: shape.reduce((a, d) => a * d, 1) }, (_, i) => {
        if (special && i % 5 === 4) return [Number.NaN, Number.POSITIVE_INFINITY, 0][(i + n) % 3];
        return Math.sin(13 * i + 7 * n + 1) * 3;
      });
      return [value, { shape, data }] as const;
    }),
  );
}

function expectSameResults(before: Graph, after: Graph): void {
  for (const special of [false, true]) {
    const feeds = feedsOf(before, special);
    const [one, other] = [interpret(before, ops, feeds), interpret(after, ops, feeds)];
    before.outputs.forEach((o, k) => {
      const wanted = one.get(o.value)!;
      const found = other.get(after.outputs[k].value)!;
      expect(found.shape).toEqual(wanted.shape);
      wanted.data.forEach((x, i) => {
        if (Number.isFinite(x)) expect(found.data[i]).toBeCloseTo(x, 11);
        else expect(found.data[i]).toBe(x);
      });
    });
  }
}

const context = { ops, target: portableTarget };

/** What a pass makes of a graph; it must be sound, compute the same, and be what a second run leaves. */
export function expectPass(pass: Pass, before: Graph): Graph {
  const after = pass.run(before, context);
  expect(verifyGraph(after, ops)).toEqual([]);
  expectSameResults(before, after);
  expect(printGraph(pass.run(after, context))).toBe(printGraph(after));
  return after;
}
