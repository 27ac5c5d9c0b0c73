import type { Graph, Value, ValueId } from '../ir/graph.ts';
import { type PrimitiveOp, primitiveOp } from '../ir/op.ts';
import { sharedMemory } from '../ir/storage.ts';
import type { Pass } from './pass.ts';

/**
 * Marks what memory keeps in half precision: 2 bytes an element instead of 4, and half the traffic. Arithmetic stays
 * in f32, also from op to op within a kernel. In f32 stay
 * - sources, outputs and updates, with all that lies in their memory: their type is what callers and checkpoints see;
 * - packs, and what is changed in place: state, in which small steps add up;
 * - what depends on weights alone: it is little, and its error would be one of all pixels alike;
 * - sums and statistics (`exact` of an op): they grow with what they add up, and are little;
 * - parts of a whole at which no binding could begin;
 * - results of so many operands that no binding is left for the flag that says that a number was too large.
 */
export const precision: Pass = {
  name: 'precision',
  doc: 'Keeps values in half precision, where that is asked for; arithmetic stays in f32.',
  run: (graph, context) => {
    if (context.precision !== 'f16') return graph;
    const bindings = context.target.limits.maxStorageBuffersPerShaderStage;
    const exact = exactValues(graph, bindings, (name) => primitiveOp(context.ops, name));
    const kept = (v: Value): Value => (exact.has(v.id) ? v : { ...v, storage: 'f16' });
    return { ...graph, values: graph.values.map(kept) };
  },
};

/** Values that memory keeps as they are. */
function exactValues(graph: Graph, bindings: number, opOf: (name: string) => PrimitiveOp): Set<ValueId> {
  const exact = new Set<ValueId>();
  const fromInputs = new Set(graph.sources.filter((s) => s.kind === 'input').map((s) => s.value));
  const memories = new Map<ValueId, Set<ValueId>>();
  const memoryOf = (v: ValueId) => memories.get(v) ?? new Set([v]);
  for (const node of graph.nodes) {
    const op = opOf(node.op);
    if (node.inputs.some((v) => fromInputs.has(v))) for (const v of node.outputs) fromInputs.add(v);
    for (const k of op.exact ?? []) exact.add(node.outputs[k]);
    const places = new Set([...node.inputs, ...node.outputs]).size;
    if (op.lowering.kind === 'kernels' && places >= bindings) for (const v of node.outputs) exact.add(v);
    for (const shared of sharedMemory(node, op, graph)) {
      const memory = new Set(shared.values.flatMap((v) => [...memoryOf(v)]));
      for (const v of memory) memories.set(v, memory);
      if (shared.exact) exact.add(shared.values[0]);
    }
  }
  for (const { value } of [...graph.sources, ...graph.outputs, ...graph.updates]) exact.add(value);
  for (const { id, dtype } of graph.values) if (dtype !== 'f32' || !fromInputs.has(id)) exact.add(id);
  return new Set([...exact].flatMap((v) => [...memoryOf(v)]));
}
