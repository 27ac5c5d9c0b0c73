import { GraphBuilder } from '../ir/builder.ts';
import type { Graph, Node, ValueId } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import { findViews } from './views.ts';

export interface PlacedUpdates {
  /** The graph, with a copy for each update that needs one, and for outputs that are sources. */
  readonly graph: Graph;
  /** Root values that lie in the memory of sources (of several: as `pack` lays them out) instead of their own. */
  readonly into: ReadonlyMap<ValueId, readonly ValueId[]>;
  /** Copies that may not be fused into what comes before: something there still reads what they overwrite. */
  readonly apart: ReadonlySet<ValueId>;
}

/**
 * Finds for each update how its sources come to hold the value: an op has changed them in place; or nothing else in the
 * graph reads them, so that the value is computed into their memory from the start; or it is copied there. An output
 * never lies in a source, which may change under it.
 */
export function placeUpdates(whole: Graph, ops: OpTable): PlacedUpdates {
  const views = findViews(whole, ops);
  const isSource = new Set(whole.sources.map((s) => s.value));
  const partsOf = new Map(views.packs.map((p) => [views.root(p.value), p.parts]));
  const packed = new Set(views.packs.flatMap((p) => p.parts));
  const memoryOf = (v: ValueId) => partsOf.get(views.root(v)) ?? [views.root(v)];
  const inSource = (v: ValueId) => memoryOf(v).some((part) => isSource.has(part));

  const b = new GraphBuilder(ops, { ...whole, outputs: [], updates: [] });
  const copies = new Map<ValueId, ValueId>();
  /** A copy made as soon as `v` exists. */
  const early = (v: ValueId) => {
    const known = copies.get(v) ?? b.copy(v);
    copies.set(v, known);
    return known;
  };
  const outputs = whole.outputs.map((o) => (inSource(o.value) ? { ...o, value: early(o.value) } : o));
  const read = new Set(
    [
      ...whole.nodes.flatMap((n) => n.inputs),
      ...[...whole.outputs, ...whole.updates].map((o) => o.value),
    ].flatMap((v) => [views.root(v), ...memoryOf(v)]),
  );

  const kept = new Set(outputs.map((o) => views.root(o.value)));
  const into = new Map<ValueId, readonly ValueId[]>();
  const late: { readonly sources: readonly ValueId[]; readonly value: ValueId }[] = [];
  for (const { sources, value } of whole.updates) {
    const memory = memoryOf(value);
    const root = views.root(value);
    const whole = views.same(value) === root;
    if (whole && memory.length === sources.length && memory.every((v, i) => v === sources[i])) {
      b.update(sources, value);
    } else if (sources.some((s) => read.has(s))) {
      // What one of these copies overwrites, another may still have to read: such values are set aside first.
      late.push({ sources, value: inSource(value) ? early(value) : value });
    } else {
      const movable = whole && !into.has(root) && !packed.has(root) && !kept.has(root) && !inSource(value);
      const own = movable ? value : b.copy(value);
      into.set(movable ? root : own, sources);
      b.update(sources, own);
    }
  }
  const earlyEnd = b.nodeList.length;
  const apart = new Set<ValueId>();
  for (const { sources, value } of late) {
    const out = b.copy(value);
    into.set(out, sources);
    apart.add(out);
    b.update(sources, out);
  }
  const graph = { ...b.build(), outputs };
  const [old, made, last] = [
    graph.nodes.slice(0, whole.nodes.length),
    graph.nodes.slice(whole.nodes.length, earlyEnd),
    graph.nodes.slice(earlyEnd),
  ];
  return { graph: { ...graph, nodes: [...besideTheirOperands(old, made), ...last] }, into, apart };
}

/** Puts each copy right behind what it copies, which later nodes may change in place. */
function besideTheirOperands(nodes: readonly Node[], copies: readonly Node[]): Node[] {
  const of = new Map<ValueId, Node[]>();
  for (const node of copies) of.set(node.inputs[0], [...(of.get(node.inputs[0]) ?? []), node]);
  const behind = (outputs: readonly ValueId[]) => outputs.flatMap((v) => of.get(v) ?? []);
  const computed = new Set(nodes.flatMap((n) => n.outputs));
  return [
    ...copies.filter((node) => !computed.has(node.inputs[0])),
    ...nodes.flatMap((node) => [node, ...behind(node.outputs)]),
  ];
}
