import { type Extent, findContents } from './contents.ts';
import type { Graph, ValueId } from './graph.ts';
import type { OpTable } from './op.ts';

/** Elements of a value that are no longer in its memory. */
interface Gone {
  readonly from: number;
  readonly end: number;
  readonly by: string;
}

/**
 * Finds what reads a value, or a view of it, after a node has changed its memory in place, or while it does; and
 * sources that are changed although no update says so. An update may still want what a source held at first: it is set
 * aside in time.
 *
 * @returns one sentence each
 */
export function readsOfOverwritten(graph: Graph, ops: OpTable): string[] {
  const problems: string[] = [];
  const contents = findContents(graph, ops);
  const sources = new Map(graph.sources.map((s) => [s.value, s.name]));
  const updated = new Set(graph.updates.flatMap((u) => u.sources));
  const gone = new Map<ValueId, Gone[]>();
  const overwriter = (v: ValueId, counts: (e: Extent) => boolean = () => true) =>
    contents(v)
      .filter(counts)
      .flatMap(({ of, from, count }) =>
        (gone.get(of) ?? []).filter((g) => g.from < from + count && from < g.end),
      )[0]?.by;
  graph.nodes.forEach((node, i) => {
    const op = ops.get(node.op);
    // What a view makes is looked at where that is read.
    if (op?.kind !== 'primitive' || op.lowering.kind === 'view') return;
    const at = `node ${i} (${node.op})`;
    const changed =
      op.lowering.kind === 'kernels' ? [...new Set(Object.values(op.lowering.inPlace ?? {}))] : [];
    const read = (operands: readonly number[]) => {
      for (const v of new Set(operands.map((k) => node.inputs[k]))) {
        const by = overwriter(v);
        if (by) problems.push(`${at} reads %${v}, whose memory ${by} has overwritten`);
      }
    };
    for (const k of changed) {
      read([k]);
      for (const { of, from, count } of contents(node.inputs[k])) {
        gone.set(of, [...(gone.get(of) ?? []), { from, end: from + count, by: at }]);
        if (sources.has(of) && !updated.has(of))
          problems.push(`${at} overwrites the source ${sources.get(of)}, which no update sets`);
      }
    }
    read(node.inputs.map((_, k) => k).filter((k) => !changed.includes(k)));
  });
  for (const { name, value } of graph.outputs) {
    const by = overwriter(value);
    if (by) problems.push(`output ${name} is %${value}, whose memory ${by} has overwritten`);
  }
  for (const { sources: targets, value } of graph.updates) {
    const by = overwriter(value, ({ of }) => !sources.has(of));
    if (by)
      problems.push(`an update gives %${targets.join(', %')} %${value}, whose memory ${by} has overwritten`);
  }
  return problems;
}
