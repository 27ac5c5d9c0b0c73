import type { Graph, ValueId } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';

/** A place where values must lie one after the other (`pack`). */
export interface Pack {
  readonly value: ValueId;
  readonly parts: readonly ValueId[];
}

/** Which values share memory: views, in-place updates and packs. */
export interface Views {
  /** The value whose memory `v` is. */
  root(v: ValueId): ValueId;
  readonly packs: readonly Pack[];
}

export function findViews(graph: Graph, ops: OpTable): Views {
  const parent = new Map<ValueId, ValueId>();
  const packs: Pack[] = [];
  const root = (v: ValueId): ValueId => {
    let r = v;
    for (let next = parent.get(r); next !== undefined; next = parent.get(r)) r = next;
    return r;
  };
  for (const node of graph.nodes) {
    const op = ops.get(node.op);
    if (op?.kind !== 'primitive') throw new Error(`${node.op} is not a primitive op`);
    const { lowering } = op;
    if (lowering.kind === 'view') {
      if (lowering.packed) {
        packs.push({ value: node.outputs[0], parts: node.inputs.map(root) });
      } else parent.set(node.outputs[0], node.inputs[0]);
    } else if (lowering.kind === 'kernels' && lowering.inPlace) {
      for (const [out, operand] of Object.entries(lowering.inPlace)) {
        parent.set(node.outputs[Number(out)], node.inputs[operand]);
      }
    }
  }
  return { root, packs };
}
