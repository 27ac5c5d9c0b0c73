import type { Graph, ValueId } from './graph.ts';

/** The graph without nodes that no output or update depends on. Sources and values stay. */
export function prune(graph: Graph): Graph {
  const live = new Set<ValueId>([...graph.outputs, ...graph.updates].map((o) => o.value));
  const nodes = [...graph.nodes].reverse().filter((node) => {
    if (!node.outputs.some((v) => live.has(v))) return false;
    for (const v of node.inputs) live.add(v);
    return true;
  });
  return { ...graph, nodes: nodes.reverse() };
}
