import { GraphBuilder } from '../../ir/builder.ts';
import type { Graph, Node, ValueId } from '../../ir/graph.ts';
import type { OpTable } from '../../ir/op.ts';
import { isWeighed, type SplitRule } from '../../ir/split-rule.ts';
import type { Pass } from '../pass.ts';
import { planCuts, unfusedForm } from './cuts.ts';
import { Pieces } from './pieces.ts';
import { placements } from './placement.ts';

export const split: Pass = {
  name: 'split',
  doc: 'Takes nodes apart whose tensors are larger than a binding: along the batch, else along the next axis.',
  run: (graph, { ops, target: { limits } }) => {
    // Parts that are still too large are taken apart along their next axis.
    for (let before = graph; ; ) {
      const after = splitOnce(before, ops, limits.maxStorageBufferBindingSize);
      if (after === before) return after;
      before = after;
    }
  },
};

/** Splits all tensors that can be split along their leading axis; the same graph where there is none. */
function splitOnce(graph: Graph, ops: OpTable, limit: number): Graph {
  const { cuts, rules, unfused } = planCuts(graph, ops, limit);
  const placed = placements(graph, ops, limit);
  if (rules.size + unfused.size + placed.size === 0) return graph;
  const b = new GraphBuilder(ops, { ...graph, nodes: [], outputs: [], updates: [] });
  const pieces = new Pieces(b, (v) => cuts.has(v));
  for (const node of graph.nodes) {
    b.scope = node.scope;
    const cut = rules.get(node);
    if (cut) splitNode(b, node, cut.rule, cuts.get(cut.values[0])!, pieces);
    else {
      const inputs = node.inputs.map((v) => pieces.whole(v));
      const others = unfused.has(node)
        ? unfusedForm(node, ops)!(b, inputs, node.attrs)
        : placed.get(node)?.(b, inputs);
      if (!others) b.append({ ...node, inputs });
      others?.forEach((v, o) => {
        pieces.define(node.outputs[o], v);
      });
    }
  }
  b.scope = '';
  for (const { name, value } of graph.outputs) b.output(name, pieces.whole(value));
  for (const { sources, value } of graph.updates) b.update(sources, pieces.whole(value));
  return b.build();
}

function splitNode(
  b: GraphBuilder,
  node: Node,
  rule: SplitRule,
  cuts: readonly number[],
  pieces: Pieces,
): void {
  const units = cuts[cuts.length - 1];
  const found: ValueId[][] = node.outputs.map(() => []);
  cuts.slice(1).forEach((to, k) => {
    const from = cuts[k];
    const share = (to - from) / units;
    const operands = node.inputs.map((v, i) => {
      const axis = rule.operands[i];
      return axis === undefined ? pieces.whole(v) : pieces.piece(v, axis, k, cuts);
    });
    b.applyAll(node.op, operands, { ...node.attrs, ...rule.attrs?.(to - from, units) }).forEach((v, o) => {
      found[o].push(isWeighed(rule, o) ? b.affine(v, share) : v);
    });
  });
  node.outputs.forEach((v, o) => {
    const axis = rule.outputs[o];
    if (typeof axis === 'number') pieces.defineParts(v, axis, found[o]);
    else
      pieces.define(
        v,
        found[o].reduce((sum, part) => b.add(sum, part)),
      );
  });
}
