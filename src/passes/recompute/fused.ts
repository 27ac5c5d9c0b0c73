import { elementCount, type Graph, type Node, type ValueId } from '../../ir/graph.ts';
import { type OpTable, primitiveOp } from '../../ir/op.ts';

interface Roots {
  root(v: ValueId): ValueId;
  /** Whether a root needs memory whoever reads it. */
  isNeeded(root: ValueId): boolean;
}

/**
 * Values that take no memory, roughly as the planner will fuse: all that read them are element-wise nodes that join the
 * kernel that computes them.
 */
export function fusedValues(graph: Graph, ops: OpTable, { root, isNeeded }: Roots): ReadonlySet<ValueId> {
  const size = (v: ValueId) => elementCount(graph.values[v].shape);
  /** Kernel that computes a root, and the roots in its chain; sources have none. */
  const kernelOf = new Map<ValueId, number>();
  const chained = new Set<ValueId>();
  /** First kernel that may compute what reads a value. */
  const earliest = new Map<ValueId, number>();
  const read = new Map<ValueId, { readonly joined: boolean }[]>();
  let kernels = 0;
  const hostOf = ({ inputs, outputs: [out] }: Node): number | undefined => {
    const of = (v: ValueId) => kernelOf.get(root(v)) ?? -1;
    const host = Math.max(-1, ...inputs.map(of));
    if (host < 0 || inputs.some((v) => host < (earliest.get(v) ?? 0))) return undefined;
    const computed = (v: ValueId) => of(v) === host && chained.has(root(v)) && size(v) === size(out);
    return inputs.some(computed) && inputs.every((v) => of(v) < host || computed(v)) ? host : undefined;
  };
  for (const node of graph.nodes) {
    const { lowering } = primitiveOp(ops, node.op);
    if (lowering.kind === 'view') {
      const since = lowering.late ? kernels : Math.max(0, ...node.inputs.map((v) => earliest.get(v) ?? 0));
      for (const v of node.outputs) if (since > 0) earliest.set(v, since);
      continue;
    }
    const host = lowering.kind === 'elementwise' ? hostOf(node) : undefined;
    for (const r of new Set(node.inputs.map(root))) {
      const joined = host !== undefined && kernelOf.get(r) === host;
      const known = read.get(r);
      if (known) known.push({ joined });
      else read.set(r, [{ joined }]);
    }
    const kernel = host ?? kernels++;
    node.outputs.forEach((v, k) => {
      kernelOf.set(v, kernel);
      if (k === 0) chained.add(v);
    });
  }
  return new Set(
    [...read]
      .filter(([r, reads]) => kernelOf.has(r) && !isNeeded(r) && reads.every((x) => x.joined))
      .map(([r]) => r),
  );
}
