import { GraphBuilder } from '../ir/builder.ts';
import type { Graph, Node, ValueId } from '../ir/graph.ts';
import { type OpTable, primitiveOp } from '../ir/op.ts';
import type { Pass } from './pass.ts';
import { findRoots } from './roots.ts';

/**
 * A packed value lies in the pack and nowhere else, and a source that a node overwrites is gone afterwards. What is
 * packed twice, is (a view of) a source and packed with computed values or while it is overwritten elsewhere, or is a
 * result and overwritten is copied, as soon as it is there. A pack of nothing but sources that stay as they are is where
 * these lie.
 */
export const ownMemory: Pass = {
  name: 'own-memory',
  doc: 'Copies values that must lie in a place of their own and do not.',
  run: (graph, { ops }) => {
    const root = findRoots(graph, ops);
    const overwritten = overwrittenIn(graph, ops);
    const sources = new Map(graph.sources.map((s) => [s.value, s.kind]));
    const taken = new Set<ValueId>();
    const gone = new Set<ValueId>();
    const wanted = new Map<ValueId, number>();
    const copied = (v: ValueId) => wanted.set(v, (wanted.get(v) ?? 0) + 1);
    const packs = graph.nodes.filter((node) => isPack(node, ops));
    for (const pack of packs.filter((node) => overwritten.has(node.outputs[0])))
      for (const v of pack.inputs) gone.add(root(v));
    for (const v of overwritten) gone.add(root(v));
    /** Operands of packs, by node, that are copies. */
    const copies = new Map<Node, Set<number>>();
    const isOfSources = ({ inputs }: Node) =>
      new Set(inputs).size === inputs.length &&
      new Set(inputs.map((v) => sources.get(v))).size === 1 &&
      inputs.every((v) => sources.has(v) && !gone.has(v) && !taken.has(v));
    for (const pack of packs) {
      const inPlace = overwritten.has(pack.outputs[0]) || isOfSources(pack);
      pack.inputs.forEach((v, k) => {
        const place = root(v);
        if (!taken.has(place) && (inPlace || !sources.has(place))) {
          taken.add(place);
          return;
        }
        copied(v);
        copies.set(pack, (copies.get(pack) ?? new Set()).add(k));
      });
    }
    const saved = graph.outputs.filter(({ value }) => sources.has(root(value)) && gone.has(root(value)));
    for (const { value } of saved) copied(value);
    return wanted.size === 0 ? graph : withCopies(graph, ops, wanted, copies, new Set(saved));
  },
};

type Output = Graph['outputs'][number];

function withCopies(
  graph: Graph,
  ops: OpTable,
  wanted: ReadonlyMap<ValueId, number>,
  copies: ReadonlyMap<Node, ReadonlySet<number>>,
  saved: ReadonlySet<Output>,
): Graph {
  const b = new GraphBuilder(ops, { ...graph, nodes: [] });
  const made = new Map<ValueId, ValueId[]>();
  const copy = (v: ValueId) => {
    const times = wanted.get(v) ?? 0;
    const of = Array.from({ length: times }, () => b.copy(v));
    if (times > 0) made.set(v, of);
  };
  const next = (v: ValueId) => made.get(v)!.shift()!;
  for (const s of graph.sources) copy(s.value);
  for (const node of graph.nodes) {
    const own = copies.get(node);
    b.append(own ? { ...node, inputs: node.inputs.map((v, k) => (own.has(k) ? next(v) : v)) } : node);
    b.scope = node.scope;
    for (const v of node.outputs) copy(v);
  }
  const outputs = graph.outputs.map((o) => (saved.has(o) ? { ...o, value: next(o.value) } : o));
  return { ...b.build(), outputs };
}

/** Values that nodes overwrite. */
function overwrittenIn(graph: Graph, ops: OpTable): ReadonlySet<ValueId> {
  return new Set(
    graph.nodes.flatMap(({ op, inputs }) => {
      const { lowering } = primitiveOp(ops, op);
      return lowering.kind === 'kernels' ? Object.values(lowering.inPlace ?? {}).map((k) => inputs[k]) : [];
    }),
  );
}

function isPack(node: Node, ops: OpTable): boolean {
  const { lowering } = primitiveOp(ops, node.op);
  return lowering.kind === 'view' && lowering.packed !== undefined;
}
