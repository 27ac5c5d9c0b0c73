import type { Graph, ValueId } from '../ir/graph.ts';
import { type OpTable, primitiveOp } from '../ir/op.ts';

/** The value in whose memory each lies: views are followed, and what is changed in place. Packs are places of their own. */
export function findRoots(graph: Graph, ops: OpTable): (v: ValueId) => ValueId {
  const parent = new Map<ValueId, ValueId>();
  for (const { op, inputs, outputs } of graph.nodes) {
    const { lowering } = primitiveOp(ops, op);
    if (lowering.kind === 'view' && !lowering.packed) parent.set(outputs[0], inputs[0]);
    if (lowering.kind !== 'kernels') continue;
    for (const [out, operand] of Object.entries(lowering.inPlace ?? {}))
      parent.set(outputs[Number(out)], inputs[operand]);
  }
  const root = (v: ValueId): ValueId => {
    const next = parent.get(v);
    return next === undefined ? v : root(next);
  };
  return root;
}
