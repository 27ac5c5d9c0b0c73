import { resolveAxis } from '../../ir/axis.ts';
import type { GraphBuilder } from '../../ir/builder.ts';
import { elementCount, type Graph, type Node, type Shape, type ValueId } from '../../ir/graph.ts';
import { PACK_ALIGNMENT } from '../../ir/packing.ts';
import { leadingAxis } from '../../ir/split-rule.ts';

/**
 * Joining and cutting along the leading axis of a tensor that is too large: its pieces lie in one another's line, so
 * only the operands of a concatenation are copied, each by itself, and what is cut off is a view.
 */
export function placements(
  graph: Graph,
  limit: number,
): ReadonlyMap<Node, (b: GraphBuilder, inputs: ValueId[]) => ValueId[]> {
  const shape = (v: ValueId) => graph.values[v].shape;
  const large = (v: ValueId) => 4 * elementCount(shape(v)) > limit;
  const found = new Map<Node, (b: GraphBuilder, inputs: ValueId[]) => ValueId[]>();
  for (const node of graph.nodes) {
    const whole = node.op === 'concat' ? node.outputs[0] : node.inputs[0];
    if (!['concat', 'split', 'slice'].includes(node.op) || !large(whole)) continue;
    const leading = leadingAxis(shape(whole));
    if (axisOf(node, shape(whole).length) !== leading) continue;
    const starts = startsOf(node, shape, leading);
    const inner = elementCount(shape(whole).slice(leading + 1));
    if (starts.some(([start]) => (start * inner) % PACK_ALIGNMENT !== 0)) continue;
    found.set(node, (b, inputs) =>
      node.op === 'concat'
        ? [
            b.apply(
              'join',
              inputs.map((v) => b.copy(v)),
              { axis: leading },
            ),
          ]
        : starts.map(([start, end]) => b.apply('part', [inputs[0]], { axis: leading, start, end })),
    );
  }
  return found;
}

function axisOf(node: Node, rank: number): number {
  return resolveAxis(node.attrs['axis'] as number, rank);
}

/** Start and end of each piece along the axis. */
function startsOf(node: Node, shape: (v: ValueId) => Shape, axis: number): [number, number][] {
  const size = shape(node.inputs[0])[axis];
  if (node.op === 'slice') {
    const [start, end] = ['start', 'end'].map((name) => resolveAxis(node.attrs[name] as number, size));
    return [[start, end]];
  }
  const pieces = node.op === 'concat' ? node.inputs : node.outputs;
  let end = 0;
  return pieces.map((v) => {
    const start = end;
    end += shape(v)[axis];
    return [start, end];
  });
}
