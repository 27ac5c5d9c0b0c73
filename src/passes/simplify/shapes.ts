import { resolveAxis } from '../../ir/axis.ts';
import { type Node, sameShape, type ValueId } from '../../ir/graph.ts';
import type { Rewriting, Rule } from '../rewrite.ts';

const list = (node: Node, attr: string) => node.attrs[attr] as readonly number[];

/** The axes of a permute, none of them negative. */
export const orderOf = (node: Node) => {
  const axes = list(node, 'axes');
  return axes.map((a) => resolveAxis(a, axes.length));
};

/** The node behind an operand, if it is of the same op. */
function sameOp(node: Node, r: Rewriting): Node | undefined {
  const from = r.producer(node.inputs[0]);
  return from?.op === node.op ? from : undefined;
}

/** What neither moves nor adds an element: a shape that is there, no shift, no padding, one piece of one. */
export const movesNothing: Rule = (node, r) => {
  const [x] = node.inputs;
  if (x === undefined || node.outputs.length !== 1) return undefined;
  const same = sameShape(r.shape(x), r.shape(node.outputs[0]));
  const keeps = {
    reshape: () => true,
    expand: () => true,
    slice: () => true,
    split: () => true,
    concat: () => node.inputs.length === 1,
    pad: () => list(node, 'padding').every((n) => n === 0),
    permute: () => orderOf(node).every((a, k) => a === k),
    roll: () => list(node, 'shifts').every((n, k) => n % r.shape(x).at(list(node, 'axes')[k])! === 0),
    flip: () => list(node, 'axes').every((a) => r.shape(x).at(a) === 1),
  }[node.op];
  return same && keeps?.() ? [x] : undefined;
};

/** A permute that leaves the order of all axes with more than one element is another shape of the same memory. */
export const permuteOfOnes: Rule = (node, r) => {
  if (node.op !== 'permute') return undefined;
  const from = r.shape(node.inputs[0]);
  const long = orderOf(node).filter((a) => from[a] !== 1);
  if (long.some((a, k) => k > 0 && a < long[k - 1])) return undefined;
  return [r.apply('reshape', node.inputs, { shape: [...r.shape(node.outputs[0])] })];
};

/** Two of a kind, one after the other, are one. */
export const twice: Rule = (node, r) => {
  const inner = sameOp(node, r);
  if (inner === undefined || node.outputs.length !== 1) return undefined;
  const { attrs } = node;
  // -1 in the shape of the second would mean something else of the first's operand.
  if (node.op === 'reshape' || node.op === 'expand')
    return [r.apply(node.op, inner.inputs, { shape: [...r.shape(node.outputs[0])] })];
  if (node.op === 'permute') {
    const first = orderOf(inner);
    return [r.apply('permute', inner.inputs, { axes: orderOf(node).map((a) => first[a]) })];
  }
  if (node.op === 'slice') {
    const rank = r.shape(node.inputs[0]).length;
    const axis = resolveAxis(attrs['axis'] as number, rank);
    if (axis !== resolveAxis(inner.attrs['axis'] as number, rank)) return undefined;
    const start = startOf(inner, r) + startOf(node, r);
    const end = start + r.shape(node.outputs[0])[axis];
    return [r.apply('slice', inner.inputs, { axis, start, end })];
  }
  if (node.op === 'flip' && String(list(node, 'axes')) === String(list(inner, 'axes')))
    return [inner.inputs[0]];
  if (node.op === 'roll' && String(list(node, 'axes')) === String(list(inner, 'axes'))) {
    const shifts = list(node, 'shifts').map((n, k) => n + list(inner, 'shifts')[k]);
    return [r.apply('roll', inner.inputs, { ...attrs, shifts })];
  }
  return undefined;
};

/** First element that a slice takes. */
function startOf(node: Node, r: Rewriting): number {
  const shape = r.shape(node.inputs[0]);
  const start = node.attrs['start'] as number;
  return start < 0 ? start + shape.at(node.attrs['axis'] as number)! : start;
}

/** A concatenation within one along the same axis is part of it, unless something else reads it. */
export const nestedConcat: Rule = (node, r) => {
  if (node.op !== 'concat') return undefined;
  const rank = r.shape(node.inputs[0]).length;
  const axis = resolveAxis(node.attrs['axis'] as number, rank);
  const inner = (v: ValueId) => {
    const from = r.producer(v);
    const joins = from?.op === 'concat' && resolveAxis(from.attrs['axis'] as number, rank) === axis;
    return joins && r.readers(v) === 1 ? from.inputs : undefined;
  };
  if (!node.inputs.some(inner)) return undefined;
  const inputs = node.inputs.flatMap((v) => inner(v) ?? [v]);
  return [r.apply('concat', inputs, { axis })];
};

/** What was joined and is cut at the same places, and the other way round, is there already. */
export const cutAndJoined: Rule = (node, r) => {
  const from = node.inputs.length > 0 ? r.producer(node.inputs[0]) : undefined;
  if (from === undefined) return undefined;
  const axisOf = (n: Node) => resolveAxis(n.attrs['axis'] as number, r.shape(node.inputs[0]).length);
  if (node.op === 'concat' && from.op === 'split' && axisOf(node) === axisOf(from))
    return String(node.inputs) === String(from.outputs) ? [from.inputs[0]] : undefined;
  if (from.op !== 'concat' || !['split', 'slice'].includes(node.op) || axisOf(node) !== axisOf(from))
    return undefined;
  const axis = axisOf(node);
  const sizes = from.inputs.map((v) => r.shape(v)[axis]);
  if (node.op === 'split') return String(sizes) === String(list(node, 'sizes')) ? from.inputs : undefined;
  const start = startOf(node, r);
  const length = r.shape(node.outputs[0])[axis];
  let before = 0;
  for (const [k, size] of sizes.entries()) {
    const within = start - before;
    if (within >= 0 && within + length <= size)
      return [r.apply('slice', [from.inputs[k]], { axis, start: within, end: within + length })];
    before += size;
  }
  return undefined;
};

/** A split of which one piece is read copies that piece alone. */
export const onePiece: Rule = (node, r) => {
  if (node.op !== 'split') return undefined;
  const read = node.outputs.filter((v) => r.readers(v) !== 0);
  if (read.length !== 1 || node.outputs.length === 1) return undefined;
  const rank = r.shape(node.inputs[0]).length;
  const axis = resolveAxis(node.attrs['axis'] as number, rank);
  let start = 0;
  // All pieces are named, those that nothing reads vanish when the graph is pruned.
  return list(node, 'sizes').map((size) => {
    start += size;
    return r.apply('slice', node.inputs, { axis, start: start - size, end: start });
  });
};
