import { withDefaults } from './builder.ts';
import { dimsOf } from './dim.ts';
import { elementCount, type Graph, sameShape, type ValueId } from './graph.ts';
import type { OpTable } from './op.ts';
import { readsOfOverwritten } from './overwrites.ts';
import { memoryType, sharedMemory } from './storage.ts';

export interface VerifyOptions {
  /** Values lie where they will when the graph runs: nothing may read one that an op has changed in place. */
  readonly placed?: boolean;
}

/**
 * Checks a graph: every operand is defined before it is used and once, operand counts fit, every node's shapes
 * and types are what its op's shape rule says, outputs and updates exist; where values are placed, that none is read after its
 * memory was overwritten.
 *
 * @returns what is wrong, one sentence each; empty for a sound graph
 */
export function verifyGraph(graph: Graph, ops: OpTable, { placed = false }: VerifyOptions = {}): string[] {
  const problems: string[] = [];
  const defined = new Set<ValueId>();
  const define = (v: ValueId, by: string) => {
    if (defined.has(v)) problems.push(`%${v} is defined twice, last by ${by}`);
    if (graph.values[v]?.id !== v) problems.push(`%${v} of ${by} is not in the table of values`);
    defined.add(v);
  };
  for (const s of graph.sources) define(s.value, s.name);
  graph.nodes.forEach((node, i) => {
    const at = `node ${i} (${node.op})`;
    for (const v of node.inputs) if (!defined.has(v)) problems.push(`${at} uses %${v} before it is defined`);
    for (const v of node.outputs) define(v, at);
    const op = ops.get(node.op);
    if (op?.kind !== 'primitive') {
      problems.push(`${at} is not a primitive op`);
      return;
    }
    const required = op.operands.filter((o) => !o.optional && !o.variadic).length;
    const variadic = op.operands.some((o) => o.variadic);
    if (node.inputs.length < required || (!variadic && node.inputs.length > op.operands.length)) {
      problems.push(
        `${at} has ${node.inputs.length} operands, expected ${required} to ${op.operands.length}`,
      );
      return;
    }
    node.inputs.forEach((v, k) => {
      const { name, dtype } = op.operands[Math.min(k, op.operands.length - 1)];
      if (dtype && graph.values[v]?.dtype !== dtype) {
        problems.push(`${at} takes ${name} as ${dtype}, %${v} is ${graph.values[v]?.dtype}`);
      }
    });
    try {
      const types = node.inputs.map((v) => ({
        dims: dimsOf(graph.values[v].shape),
        dtype: graph.values[v].dtype,
      }));
      const results = op.shape(types, withDefaults(op, node.attrs));
      results.forEach((type, k) => {
        const value = graph.values[node.outputs[k]];
        const shape = type.dims.map((d) => d.at(1));
        if (!value || value.dtype !== type.dtype || !sameShape(value.shape, shape)) {
          problems.push(
            `${at} gives ${type.dtype}[${shape}], the graph says ${value?.dtype}[${value?.shape}]`,
          );
        }
      });
      if (results.length !== node.outputs.length) problems.push(`${at} has ${node.outputs.length} outputs`);
    } catch (error) {
      problems.push(`${at}: ${(error as Error).message}`);
    }
  });
  problems.push(...storageProblems(graph, ops));
  for (const { name, value } of graph.outputs) {
    if (!defined.has(value)) problems.push(`output ${name} is %${value}, which nothing defines`);
  }
  const sources = new Set(graph.sources.map((s) => s.value));
  const updated = new Set<ValueId>();
  for (const { sources: targets, value } of graph.updates) {
    for (const v of [...targets, value])
      if (!defined.has(v)) problems.push(`an update uses %${v}, undefined`);
    for (const v of targets) {
      if (!sources.has(v)) problems.push(`an update sets %${v}, which is no source`);
      if (updated.has(v)) problems.push(`%${v} is updated twice`);
      updated.add(v);
      if (graph.values[v]?.dtype !== graph.values[value]?.dtype)
        problems.push(`an update gives %${v} another type`);
    }
    const needed = targets.reduce((n, v) => n + elementCount(graph.values[v]?.shape ?? []), 0);
    // A pack has more: its gaps.
    if (elementCount(graph.values[value]?.shape ?? []) < needed)
      problems.push(`an update gives %${targets.join(', %')} too few elements`);
  }
  return placed && problems.length === 0 ? readsOfOverwritten(graph, ops) : problems;
}

/** What is kept in half precision and may not be, or in the memory of what is kept otherwise. */
function storageProblems(graph: Graph, ops: OpTable): string[] {
  const halved = (v: ValueId) => graph.values[v]?.storage !== undefined;
  const whole = (vs: readonly ValueId[], what: string) =>
    vs.filter(halved).map((v) => `%${v} is ${what}, and cannot be in ${graph.values[v].storage}`);
  const shared = graph.nodes.flatMap((node, i): string[] => {
    const op = ops.get(node.op);
    if (op?.kind !== 'primitive' || node.inputs.some((v) => !graph.values[v])) return [];
    return sharedMemory(node, op, graph).flatMap(({ values, exact }) => {
      if (exact) return whole(values, `in the memory of node ${i} (${node.op})`);
      const types = new Set(values.map((v) => memoryType(graph.values[v])));
      return types.size > 1 ? [`node ${i} (${node.op}) has ${[...types].join(' and ')} in one memory`] : [];
    });
  });
  return [
    ...graph.values.flatMap((v) => (v.dtype === 'f32' ? [] : whole([v.id], v.dtype))),
    ...whole(
      graph.sources.map((s) => s.value),
      'a source',
    ),
    ...whole(
      [...graph.outputs, ...graph.updates].map((o) => o.value),
      'a result',
    ),
    ...shared,
  ];
}
