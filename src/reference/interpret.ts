import { type Graph, sameShape, type ValueId } from '../ir/graph.ts';
import { type OpTable, primitiveOp, type RefTensor } from '../ir/op.ts';

/**
 * Runs a graph in float64 with the ops' plain loops.
 *
 * @param feeds one tensor for each source
 * @returns every value that is an output or an update of the graph
 */
export function interpret(
  graph: Graph,
  ops: OpTable,
  feeds: ReadonlyMap<ValueId, RefTensor>,
): Map<ValueId, RefTensor> {
  const values = new Map<ValueId, RefTensor>();
  for (const { value, name } of graph.sources) {
    const tensor = feeds.get(value);
    if (!tensor) throw new Error(`no tensor given for ${name}`);
    if (!sameShape(tensor.shape, graph.values[value].shape)) {
      throw new Error(`${name} is [${tensor.shape}], expected [${graph.values[value].shape}]`);
    }
    values.set(value, tensor);
  }
  const results = new Set([...graph.outputs, ...graph.updates].map((o) => o.value));
  const lastUse = new Map<ValueId, number>();
  graph.nodes.forEach((node, i) => {
    for (const v of node.inputs) lastUse.set(v, i);
  });
  graph.nodes.forEach((node, i) => {
    const op = primitiveOp(ops, node.op);
    const inputs = node.inputs.map((v) => values.get(v)!);
    const shapes = node.outputs.map((v) => graph.values[v].shape);
    op.reference(inputs, node.attrs, shapes).forEach((t, k) => {
      values.set(node.outputs[k], t);
    });
    for (const v of node.inputs) if (lastUse.get(v) === i && !results.has(v)) values.delete(v);
  });
  return new Map([...results].map((v) => [v, values.get(v)!]));
}
