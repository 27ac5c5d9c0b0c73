import type { Graph, Node, ValueId } from '../../ir/graph.ts';
import { type OpTable, primitiveOp } from '../../ir/op.ts';

/** a op b is b op a, to the last bit. */
const commutative = new Set(['add', 'mul']);

/**
 * Nodes that compute the same are one: the first of them. All ops are functions of their operands and attributes,
 * random numbers too, whose key is an operand.
 */
export function joinCommon(graph: Graph, ops: OpTable): Graph {
  const known = new Map<string, readonly ValueId[]>();
  const instead = new Map<ValueId, ValueId>();
  const now = (v: ValueId) => instead.get(v) ?? v;
  const nodes = graph.nodes.flatMap((before): Node[] => {
    const node = { ...before, inputs: before.inputs.map(now) };
    if (hasOwnMemory(node, ops)) return [node];
    const inputs = commutative.has(node.op) ? [...node.inputs].sort((a, b) => a - b) : node.inputs;
    const key = JSON.stringify([node.op, inputs, node.attrs]);
    const first = known.get(key);
    if (first === undefined) {
      known.set(key, node.outputs);
      return [node];
    }
    node.outputs.forEach((v, k) => {
      instead.set(v, first[k]);
    });
    return [];
  });
  if (instead.size === 0) return graph;
  return {
    ...graph,
    nodes,
    outputs: graph.outputs.map((o) => ({ ...o, value: now(o.value) })),
    updates: graph.updates.map((u) => ({ ...u, value: now(u.value) })),
  };
}

/** Packs, and what overwrites an operand, are places and not only values. */
function hasOwnMemory(node: Node, ops: OpTable): boolean {
  const { lowering } = primitiveOp(ops, node.op);
  return lowering.kind === 'view'
    ? lowering.packed !== undefined
    : lowering.kind === 'kernels' && lowering.inPlace !== undefined;
}
