import { resolveAxes } from '../../ir/axis.ts';
import { type Node, type Shape, sameShape, type ValueId } from '../../ir/graph.ts';
import type { Rewriting, Rule } from '../rewrite.ts';

const axesOf = (node: Node, rank: number) => resolveAxes(node.attrs['axes'] as readonly number[], rank);

const reshaped = (v: ValueId, shape: Shape, r: Rewriting) =>
  sameShape(r.shape(v), shape) ? v : r.apply('reshape', [v], { shape: [...shape] });

/** A sum over axes of one element has nothing to add. */
export const sumOfOnes: Rule = (node, r) => {
  if (node.op !== 'sum') return undefined;
  const from = r.shape(node.inputs[0]);
  if (axesOf(node, from.length).some((a) => from[a] !== 1)) return undefined;
  return [reshaped(node.inputs[0], r.shape(node.outputs[0]), r)];
};

/** A sum of sums is one sum; the order of additions within a sum is the kernel's choice anyway. */
export const sumOfSum: Rule = (node, r) => {
  const inner = node.op === 'sum' ? r.producer(node.inputs[0]) : undefined;
  if (inner?.op !== 'sum' || r.readers(node.inputs[0]) !== 1) return undefined;
  const from = r.shape(inner.inputs[0]);
  const first = axesOf(inner, from.length);
  // Axes of x by their place in the inner sum.
  const left = inner.attrs['keepdim'] ? [...from.keys()] : [...from.keys()].filter((a) => !first.includes(a));
  const second = axesOf(node, left.length).map((a) => left[a]);
  const axes = [...new Set([...first, ...second])].sort((a, b) => a - b);
  const total = r.apply('sum', [inner.inputs[0]], { axes, keepdim: false });
  return [reshaped(total, r.shape(node.outputs[0]), r)];
};

/** n equal numbers add up to n times the number, with one rounding. */
export const sumOfCopies: Rule = (node, r) => {
  const copies = node.op === 'sum' ? r.producer(node.inputs[0]) : undefined;
  if (copies?.op !== 'expand') return undefined;
  const [x] = copies.inputs;
  const [from, to] = [r.shape(x), r.shape(node.inputs[0])];
  const summed = axesOf(node, to.length);
  const own = (a: number) => from[a - (to.length - from.length)] ?? 1;
  const stretched = [...to.keys()].filter((a) => to[a] !== own(a));
  // An axis that is summed and has several elements of its own, or one that stays stretched, is not only copies.
  if (stretched.some((a) => !summed.includes(a)) || summed.some((a) => own(a) !== 1)) return undefined;
  const n = stretched.reduce((product, a) => product * to[a], 1);
  return [reshaped(r.apply('affine', [x], { factor: n, offset: 0 }), r.shape(node.outputs[0]), r)];
};
