import type { Graph } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import type { Target } from '../ir/target.ts';
import { candidatesOf, checkForced, chooseKernels, type ForcedKernels } from './candidates.ts';

/** Why a node is computed as it is. */
export interface Choice {
  readonly scope: string;
  readonly op: string;
  /** Operands and results, `[2, 8] × [8, 4] → [2, 4]`. */
  readonly shapes: string;
  readonly chosen: string;
  readonly candidates: readonly {
    readonly name: string;
    /** Estimated microseconds. */
    readonly cost: number;
    /** What the target lacks for it. */
    readonly lacks: readonly string[];
  }[];
}

/** The choice for each node of graphs that has kernels, as the planner makes it. */
export function explainChoices(
  graphs: readonly Graph[],
  ops: OpTable,
  target: Target,
  forced?: ForcedKernels,
): Choice[] {
  checkForced(graphs, target, forced);
  return graphs.flatMap((graph) => choicesOf(graph, ops, target, forced));
}

function choicesOf(graph: Graph, ops: OpTable, target: Target, forced?: ForcedKernels): Choice[] {
  const choose = chooseKernels(graph, ops, target, forced);
  const shape = (v: number) => `[${graph.values[v].shape.join(', ')}]`;
  return graph.nodes.flatMap((node): Choice[] => {
    const op = ops.get(node.op);
    if (op?.kind !== 'primitive' || op.lowering.kind !== 'kernels') return [];
    return [
      {
        scope: node.scope,
        op: node.op,
        shapes: `${node.inputs.map(shape).join(' × ')} → ${shape(node.outputs[0])}`,
        chosen: choose(node).name,
        candidates: candidatesOf(graph, ops, target, node).map(({ candidate, lacks }) => ({
          name: candidate.name,
          cost: Math.round(candidate.cost) / 1000,
          lacks: lacks.map((l) => `${l.name} ${l.needed}, offered ${l.offered}`),
        })),
      },
    ];
  });
}

/** As text: nodes of one op, shapes and choice are one line, with how many they are. */
export function printChoices(choices: readonly Choice[], target: Target): string {
  const lines = new Map<string, number>();
  for (const { op, shapes, chosen, candidates } of choices) {
    const list = candidates.map(({ name, cost, lacks }) => {
      const marked = name === chosen ? `*${name}` : name;
      return lacks.length > 0 ? `${marked} (needs ${lacks.join('; ')})` : `${marked} ${cost.toFixed(1)}`;
    });
    const line = candidates.length === 1 ? `${op} ${chosen}` : `${op} ${shapes}: ${list.join(' | ')}`;
    lines.set(line, (lines.get(line) ?? 0) + 1);
  }
  const title = `kernels for ${target.name}: nodes, candidates with their estimated µs, * chosen`;
  return `${[title, ...[...lines].map(([line, n]) => `${String(n).padStart(4)} ${line}`)].join('\n')}\n`;
}
