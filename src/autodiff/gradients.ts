import type { GraphBuilder } from '../ir/builder.ts';
import type { ValueId } from '../ir/graph.ts';

/**
 * Reverse-mode differentiation: appends nodes that compute d(sum of seeds · outputs)/d(wrt).
 *
 * @param seeds gradient of each differentiated output (for a scalar loss: a value that holds 1)
 * @returns for each of `wrt` its gradient, shaped as it is; `undefined` where no seed depends on it
 */
export function differentiate(
  b: GraphBuilder,
  seeds: ReadonlyMap<ValueId, ValueId>,
  wrt: readonly ValueId[],
): (ValueId | undefined)[] {
  const nodes = [...b.nodeList];
  const dependent = new Set<ValueId>(wrt);
  for (const node of nodes) {
    if (node.inputs.some((v) => dependent.has(v))) for (const out of node.outputs) dependent.add(out);
  }
  const grads = new Map<ValueId, ValueId>(seeds);
  const accumulate = (v: ValueId, g: ValueId) => {
    const before = grads.get(v);
    grads.set(v, before === undefined ? g : b.add(before, g));
  };
  const outer = b.scope;
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i];
    const outGrads = node.outputs.map((v) => grads.get(v));
    if (outGrads.every((g) => g === undefined) || !node.inputs.some((v) => dependent.has(v))) continue;
    const op = b.op(node.op);
    if (op.kind !== 'primitive' || !op.gradient) throw new Error(`${node.op} has no gradient`);
    b.scope = node.scope;
    const inGrads = op.gradient({
      b,
      inputs: node.inputs,
      outputs: node.outputs,
      attrs: node.attrs,
      grads: outGrads,
      needs: (k) => dependent.has(node.inputs[k]),
    });
    node.inputs.forEach((v, k) => {
      const g = inGrads[k];
      if (g !== undefined && dependent.has(v)) accumulate(v, g);
    });
  }
  b.scope = outer;
  return wrt.map((v) => grads.get(v));
}
