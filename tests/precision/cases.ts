import { GraphBuilder } from '../../src/ir/builder.ts';
import type { Graph, Shape, ValueId } from '../../src/ir/graph.ts';
import { prune } from '../../src/ir/prune.ts';
import type { Target } from '../../src/ir/target.ts';
import { ops } from '../../src/ops/index.ts';
import { roundToHalf } from '../../src/wasm/wgsl/arithmetic.ts';
import { caseNames, opCase, relativeError } from '../ops/cases.ts';
import { type Feeds, runReference } from '../ops/run.ts';
import { HALF_EPSILON } from './half.ts';

/** Relative to a result's largest value: the result is rounded, and a few values on the way to it. */
export const OP_TOLERANCE = 4 * HALF_EPSILON;

/** What predicts `out` of one op or a few. */
interface Prediction {
  readonly graph: Graph;
  readonly feeds: Feeds;
}

/** The forward pass of a fixture. */
function fixture(name: string): Prediction {
  const { graph, feeds } = opCase(name);
  return {
    graph: prune({ ...graph, outputs: graph.outputs.filter((o) => o.name === 'out') }),
    feeds: Object.fromEntries([...feeds].map(([source, { data }]) => [source, data])),
  };
}

/** Ops without a fixture, on x [3, 20, 16]. */
const others: Readonly<Record<string, (b: GraphBuilder, x: ValueId) => ValueId>> = {
  concat: (b, x) => b.apply('concat', [x, b.apply('exp', [x]), x], { axis: 1 }),
  'sum of rows': (b, x) => b.sum(x, [2]),
  'sum of columns': (b, x) => b.sum(x, [0, 1]),
};

function other(name: string): Prediction {
  const b = new GraphBuilder(ops);
  const x = b.source('input', 'x', [3, 20, 16]);
  b.output('out', others[name](b, x));
  return { graph: b.build(), feeds: { x: Float32Array.from({ length: 960 }, (_, i) => Math.sin(1.3 * i)) } };
}

export const halfCaseNames: readonly string[] = [...caseNames, ...Object.keys(others)];

/** A prediction through memory in half precision. */
export interface HalfCase {
  /** Its operands are computed, by kernels of their own, and so is what becomes of its result. */
  readonly graph: Graph;
  /** Numbers that half precision holds. */
  readonly feeds: Feeds;
  /** How far `out` is off what float64 makes of the same numbers, relative to the largest. */
  error(out: ArrayLike<number>): number;
}

export function halfCase(name: string): HalfCase {
  const { graph, feeds } = name in others ? other(name) : fixture(name);
  const rounded = Object.fromEntries(
    graph.sources.map(({ name: source, value }) => [
      source,
      graph.values[value].dtype === 'f32' ? Array.from(feeds[source], roundToHalf) : feeds[source],
    ]),
  );
  const wanted = runReference(graph, rounded).get('out')!;
  const { shape } = graph.values[graph.outputs[0].value];
  return {
    graph: throughHalf(graph),
    feeds: { ...rounded, one: [1] },
    error: (out) => relativeError(turned(out, shape), wanted),
  };
}

/** A target by which nothing is computed in loads: all that a node reads lies in memory. */
export function withoutPrologues(target: Target): Target {
  return { ...target, measured: { ...target.measured, dispatch: -Number.MAX_VALUE } };
}

/**
 * Operands become products with the input `one`, which is 1, and what was an output is turned round along its first
 * axis by a node of its own.
 */
function throughHalf(graph: Graph): Graph {
  const b = new GraphBuilder(ops, { ...graph, nodes: [], outputs: [] });
  const one = b.source('input', 'one', []);
  const instead = new Map<ValueId, ValueId>();
  for (const { value } of graph.sources)
    if (graph.values[value].dtype === 'f32') instead.set(value, b.mul(value, one));
  const now = (v: ValueId) => instead.get(v) ?? v;
  for (const node of graph.nodes) b.append({ ...node, inputs: node.inputs.map(now) });
  for (const { name, value } of graph.outputs) {
    const isScalar = b.shape(value).length === 0;
    b.output(name, isScalar ? value : b.apply('flip', [value], { axes: [0] }));
  }
  return b.build();
}

/** A result of {@link throughHalf} turned back. */
function turned(data: ArrayLike<number>, [rows = 1]: Shape): number[] {
  const row = data.length / rows;
  const at = (i: number) => (rows - 1 - Math.floor(i / row)) * row + (i % row);
  return Array.from({ length: data.length }, (_, i) => data[at(i)]);
}
