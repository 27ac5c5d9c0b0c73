import { findContents } from '../../ir/contents.ts';
import { elementCount, type Graph, type Node, type ValueId } from '../../ir/graph.ts';
import { type OpTable, primitiveOp } from '../../ir/op.ts';
import { OFFSET_ALIGNMENT, roundUp } from '../../ir/packing.ts';
import { bytesOf } from '../../ir/storage.ts';
import type { Target } from '../../ir/target.ts';
import { findRoots } from '../roots.ts';
import { fusedValues } from './fused.ts';

/** What recomputation has to know of a graph. Memory is that of roots: values that are no views of others. */
export interface Facts {
  readonly producer: ReadonlyMap<ValueId, Node>;
  root(v: ValueId): ValueId;
  /** Whether a node only says where its output lies. Packs do not count: they are places for good. */
  isView(node: Node): boolean;
  /** Bytes among the values that share memory; 0 for sources and packs, and for what fused kernels never store. */
  bytes(root: ValueId): number;
  isSource(root: ValueId): boolean;
  /** Whether the memory may be given away before the last use, because a node can compute the value again. */
  isDroppable(root: ValueId): boolean;
  /** Nodes that read the memory, by index, in order; views do not count. */
  uses(root: ValueId): readonly number[];
  /** Whether the memory is needed until the end. */
  isKept(root: ValueId): boolean;
  /** Estimated nanoseconds of a node. */
  cost(node: Node): number;
}

const NONE: readonly number[] = [];

export function factsOf(graph: Graph, ops: OpTable, target: Target): Facts {
  const producer = new Map<ValueId, Node>();
  const packed = new Set<ValueId>();
  /** First node that overwrites a root. */
  const overwritten = new Map<ValueId, number>();
  const root = findRoots(graph, ops);
  const contents = findContents(graph, ops);
  graph.nodes.forEach((node, i) => {
    const { lowering } = primitiveOp(ops, node.op);
    for (const v of node.outputs) producer.set(v, node);
    if (lowering.kind === 'view' && lowering.packed)
      for (const v of [...node.inputs, node.outputs[0]]) packed.add(root(v));
    if (lowering.kind !== 'kernels') return;
    for (const operand of Object.values(lowering.inPlace ?? {})) {
      // Of a pack also its parts.
      const places = [node.inputs[operand], ...contents(node.inputs[operand]).map(({ of }) => of)].map(root);
      for (const r of places) if (!overwritten.has(r)) overwritten.set(r, i);
    }
  });
  const isView = (node: Node) => {
    const { lowering } = primitiveOp(ops, node.op);
    return lowering.kind === 'view' && !lowering.packed;
  };
  const uses = new Map<ValueId, number[]>();
  graph.nodes.forEach((node, i) => {
    if (isView(node)) return;
    for (const r of new Set(node.inputs.map(root))) {
      const known = uses.get(r);
      if (known) known.push(i);
      else uses.set(r, [i]);
    }
  });
  const sources = new Set(graph.sources.map((s) => s.value));
  const kept = new Set([...graph.outputs, ...graph.updates].map(({ value }) => root(value)));
  const fused = fusedValues(graph, ops, { root, isNeeded: (r) => kept.has(r) || packed.has(r) });
  const until = lastRecomputation(graph, root, overwritten, sources);
  return {
    producer,
    root,
    isView,
    bytes: (r) =>
      sources.has(r) || packed.has(r) || fused.has(r)
        ? 0
        : roundUp(bytesOf(graph.values[r]), OFFSET_ALIGNMENT),
    isSource: (r) => sources.has(r),
    isDroppable: (r) =>
      !sources.has(r) &&
      !kept.has(r) &&
      !packed.has(r) &&
      !fused.has(r) &&
      !overwritten.has(r) &&
      (uses.get(r)?.at(-1) ?? 0) <= (until.get(r) ?? -1),
    uses: (r) => uses.get(r) ?? NONE,
    isKept: (r) => kept.has(r) || packed.has(r),
    cost: (node) => {
      const { macs, scanMacs } = primitiveOp(ops, node.op);
      const { rates } = target.measured;
      const shapes = node.inputs.map((v) => graph.values[v].shape);
      const results = node.outputs.map((v) => graph.values[v].shape);
      const work = (macs?.(shapes, results, node.attrs) ?? 0) + (scanMacs?.(shapes, node.attrs) ?? 0);
      const moved = [...shapes, ...results].reduce((n, shape) => n + elementCount(shape), 0);
      return rates.dispatch + work / rates.multiplyAdds + moved / rates.loads;
    },
  };
}

/** By computed root: the last node before which it can be computed again, because all that it follows from still is. */
function lastRecomputation(
  graph: Graph,
  root: (v: ValueId) => ValueId,
  overwritten: ReadonlyMap<ValueId, number>,
  sources: ReadonlySet<ValueId>,
): ReadonlyMap<ValueId, number> {
  const until = new Map<ValueId, number>();
  const ofValue = (v: ValueId) => {
    const r = root(v);
    const own = overwritten.get(r) ?? Number.POSITIVE_INFINITY;
    return sources.has(r) ? own : Math.min(own, until.get(r) ?? -1);
  };
  graph.nodes.forEach((node) => {
    const last = node.inputs.reduce((least, v) => Math.min(least, ofValue(v)), Number.POSITIVE_INFINITY);
    // Of what overwrites an operand the root is the operand's, which is known; and is not computed again.
    for (const v of node.outputs) if (root(v) === v) until.set(v, last);
  });
  return until;
}
