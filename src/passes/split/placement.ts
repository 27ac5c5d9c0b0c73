import { resolveAxis } from '../../ir/axis.ts';
import type { GraphBuilder } from '../../ir/builder.ts';
import { elementCount, type Graph, type Node, type Shape, type ValueId } from '../../ir/graph.ts';
import type { OpTable } from '../../ir/op.ts';
import { leadingAxis } from '../../ir/split-rule.ts';

/**
 * Joining and cutting along the leading axis of a tensor that is too large: its pieces lie in one another's line, so
 * only the operands of a concatenation are copied, each by itself, and what is cut off is a view, or a copy where it
 * is packed elsewhere.
 */
export function placements(
  graph: Graph,
  ops: OpTable,
  limit: number,
): ReadonlyMap<Node, (b: GraphBuilder, inputs: ValueId[]) => ValueId[]> {
  const shape = (v: ValueId) => graph.values[v].shape;
  const packed = packedValues(graph, ops);
  const large = (v: ValueId) => 4 * elementCount(shape(v)) > limit;
  const found = new Map<Node, (b: GraphBuilder, inputs: ValueId[]) => ValueId[]>();
  for (const node of graph.nodes) {
    const whole = node.op === 'concat' ? node.outputs[0] : node.inputs[0];
    if (!['concat', 'split', 'slice'].includes(node.op) || !large(whole)) continue;
    const leading = leadingAxis(shape(whole));
    if (axisOf(node, shape(whole).length) !== leading) continue;
    const copies = (b: GraphBuilder, vs: readonly ValueId[]) => vs.map((v) => b.copy(v));
    if (node.op === 'concat') {
      found.set(node, (b, inputs) => [b.apply('join', copies(b, inputs), { axis: leading })]);
      continue;
    }
    const starts = startsOf(node, shape, leading);
    found.set(node, (b, [x]) =>
      starts.map(([start, end], k) => {
        const part = b.apply('part', [x], { axis: leading, start, end });
        return packed.has(node.outputs[k]) ? b.copy(part) : part;
      }),
    );
  }
  return found;
}

/** Values that lie in packs. */
function packedValues(graph: Graph, ops: OpTable): Set<ValueId> {
  const packed = new Set<ValueId>();
  for (const node of [...graph.nodes].reverse()) {
    const op = ops.get(node.op);
    if (op?.kind !== 'primitive' || op.lowering.kind !== 'view') continue;
    if (op.lowering.packed || node.outputs.some((v) => packed.has(v)))
      for (const v of node.inputs) packed.add(v);
  }
  return packed;
}

function axisOf(node: Node, rank: number): number {
  return resolveAxis(node.attrs['axis'] as number, rank);
}

/** Start and end of each piece that is cut off along the axis. */
function startsOf(node: Node, shape: (v: ValueId) => Shape, axis: number): [number, number][] {
  const size = shape(node.inputs[0])[axis];
  if (node.op === 'slice') {
    const [start, end] = ['start', 'end'].map((name) => resolveAxis(node.attrs[name] as number, size));
    return [[start, end]];
  }
  let end = 0;
  return node.outputs.map((v) => {
    const start = end;
    end += shape(v)[axis];
    return [start, end];
  });
}
