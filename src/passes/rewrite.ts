import { GraphBuilder } from '../ir/builder.ts';
import { type Attrs, type Graph, type Node, type Shape, sameShape, type ValueId } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import { prune } from '../ir/prune.ts';

/** A graph as it is while it is walked. */
export interface GraphIndex {
  shape(v: ValueId): Shape;
  /** Node that computes a value; sources have none. */
  producer(v: ValueId): Node | undefined;
  /** Nodes that read a value, in order; a node that does twice stands there twice. */
  readers(v: ValueId): readonly Node[];
  /** Whether a value is an output or an update. */
  isResult(v: ValueId): boolean;
}

/** The graph being written, as rules see it. */
export interface Rewriting {
  readonly ops: OpTable;
  /** The graph before this walk. */
  readonly before: GraphIndex;
  /** What stands in the place of a value of the graph before, which must have been walked over. */
  now(v: ValueId): ValueId;
  shape(v: ValueId): Shape;
  /** Node that computes a value; sources have none. */
  producer(v: ValueId): Node | undefined;
  /** How often nodes, outputs and updates of the graph before read a value; `undefined` for a new one. */
  readers(v: ValueId): number | undefined;
  /** A new node with one output, of the same module as the one that is looked at. */
  apply(op: string, inputs: readonly ValueId[], attrs?: Attrs): ValueId;
  applyAll(op: string, inputs: readonly ValueId[], attrs?: Attrs): ValueId[];
}

/**
 * Looks at a node whose operands are those of the graph being written.
 *
 * @param origin the same node in the graph before
 * @returns what stands in the place of its outputs; `undefined` where the rule does not apply
 */
export type Rule = (node: Node, r: Rewriting, origin: Node) => readonly ValueId[] | undefined;

/** A rewriting that goes on for longer than any graph needs turns in circles. */
const MOST_SWEEPS = 200;

/** Applies rules, in order, to each node of a graph and of what comes of it, until none applies any more. */
export function rewrite(graph: Graph, ops: OpTable, rules: readonly Rule[]): Graph {
  let current = graph;
  for (let i = 0; i < MOST_SWEEPS; i++) {
    const next = sweep(current, ops, rules);
    if (next === undefined) return current;
    current = prune(next);
  }
  throw new Error('the rules of a pass undo each other');
}

/** One walk over the nodes in order; `undefined` where nothing changed. */
function sweep(graph: Graph, ops: OpTable, rules: readonly Rule[]): Graph | undefined {
  const b = new GraphBuilder(ops, { ...graph, nodes: [] });
  const index = indexOf(graph);
  const producers = new Map<ValueId, Node>();
  const instead = new Map<ValueId, ValueId>();
  const now = (v: ValueId) => instead.get(v) ?? v;
  let changed = false;
  const applyAll = (op: string, inputs: readonly ValueId[], attrs: Attrs = {}) => {
    const from = b.nodeList.length;
    const outputs = b.applyAll(op, inputs, attrs);
    for (const node of b.nodeList.slice(from)) for (const v of node.outputs) producers.set(v, node);
    return outputs;
  };
  const r: Rewriting = {
    ops,
    before: index,
    now,
    shape: (v) => b.shape(v),
    producer: (v) => producers.get(v),
    readers: (v) =>
      v < graph.values.length ? index.readers(v).length + Number(index.isResult(v)) : undefined,
    applyAll,
    apply: (op, inputs, attrs) => applyAll(op, inputs, attrs)[0],
  };
  for (const before of graph.nodes) {
    const node = { ...before, inputs: before.inputs.map(now) };
    b.scope = node.scope;
    const found = firstOf(rules, node, r, before);
    if (found === undefined) {
      b.append(node);
      for (const v of node.outputs) producers.set(v, node);
      continue;
    }
    changed = true;
    node.outputs.forEach((v, k) => {
      if (!sameShape(b.shape(v), b.shape(found[k])) || b.dtype(v) !== b.dtype(found[k]))
        throw new Error(`a rule makes [${b.shape(found[k])}] of [${b.shape(v)}] (${node.op})`);
      instead.set(v, found[k]);
    });
  }
  if (!changed) return undefined;
  return {
    ...b.build(),
    outputs: graph.outputs.map((o) => ({ ...o, value: now(o.value) })),
    updates: graph.updates.map((u) => ({ ...u, value: now(u.value) })),
  };
}

function firstOf(
  rules: readonly Rule[],
  node: Node,
  r: Rewriting,
  origin: Node,
): readonly ValueId[] | undefined {
  for (const rule of rules) {
    const found = rule(node, r, origin);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function indexOf(graph: Graph): GraphIndex {
  const readers = new Map<ValueId, Node[]>();
  const producers = new Map<ValueId, Node>();
  const results = new Set([...graph.outputs, ...graph.updates].map((o) => o.value));
  for (const node of graph.nodes) {
    for (const v of node.outputs) producers.set(v, node);
    for (const v of node.inputs) {
      const list = readers.get(v);
      if (list) list.push(node);
      else readers.set(v, [node]);
    }
  }
  return {
    shape: (v) => graph.values[v].shape,
    producer: (v) => producers.get(v),
    readers: (v) => readers.get(v) ?? [],
    isResult: (v) => results.has(v),
  };
}
