import { type Node, type Shape, sameShape, type ValueId } from '../../ir/graph.ts';
import type { Rewriting, Rule } from '../rewrite.ts';
import { isHeld } from './constants.ts';

/** Factor and offset of a node that is an affine. */
function affineOf(node: Node | undefined): { x: ValueId; factor: number; offset: number } | undefined {
  if (node?.op !== 'affine') return undefined;
  return {
    x: node.inputs[0],
    factor: node.attrs['factor'] as number,
    offset: node.attrs['offset'] as number,
  };
}

function isNegation(node: Node | undefined): boolean {
  const a = affineOf(node);
  return a?.factor === -1 && a.offset === 0;
}

/** x where a value is -x. */
function negated(v: ValueId, r: Rewriting): ValueId | undefined {
  const node = r.producer(v);
  return isNegation(node) ? node!.inputs[0] : undefined;
}

/** Ops that give back what they are given. After differentiation `detach` is one of them. */
export const identity: Rule = (node) => {
  const a = affineOf(node);
  const same =
    (a?.factor === 1 && a.offset === 0) ||
    node.op === 'detach' ||
    (node.op === 'increment' && node.attrs['by'] === 0);
  return same ? [node.inputs[0]] : undefined;
};

/** Two affines are one, which rounds less often. */
export const affineOfAffine: Rule = (node, r) => {
  const outer = affineOf(node);
  const inner = outer && affineOf(r.producer(outer.x));
  if (!outer || !inner || r.readers(outer.x) !== 1) return undefined;
  const factor = outer.factor * inner.factor;
  const offset = inner.offset * outer.factor + outer.offset;
  return isHeld(factor) && isHeld(offset) ? [r.apply('affine', [inner.x], { factor, offset })] : undefined;
};

/** a + -b is a - b, a - -b is a + b, -(a - b) is b - a: all exact. */
export const negation: Rule = (node, r) => {
  const [a, b] = node.inputs;
  if (node.op === 'add') {
    const [minusA, minusB] = [negated(a, r), negated(b, r)];
    if (minusB !== undefined) return [r.apply('sub', [a, minusB])];
    if (minusA !== undefined) return [r.apply('sub', [b, minusA])];
  }
  if (node.op === 'sub') {
    const minusB = negated(b, r);
    if (minusB !== undefined) return [r.apply('add', [a, minusB])];
  }
  if (!isNegation(node) || r.readers(a) !== 1) return undefined;
  const difference = r.producer(a);
  if (difference?.op !== 'sub') return undefined;
  return [r.apply('sub', [difference.inputs[1], difference.inputs[0]])];
};

/** Element-wise ops stretch their operands themselves. */
export const stretchedOperand: Rule = (node, r) => {
  const op = r.ops.get(node.op);
  if (op?.kind !== 'primitive' || op.lowering.kind !== 'elementwise' || node.op === 'expand')
    return undefined;
  const out = r.shape(node.outputs[0]);
  const inputs = [...node.inputs];
  node.inputs.forEach((v, i) => {
    const from = r.producer(v);
    if (from?.op !== 'expand') return;
    inputs[i] = from.inputs[0];
    // Something must have the shape of the result.
    if (!sameShape(broadcast(inputs.map((x) => r.shape(x))), out)) inputs[i] = v;
  });
  if (inputs.some((v, i) => v !== node.inputs[i])) return [r.apply(node.op, inputs, node.attrs)];
  const [x] = node.inputs;
  const copies = inputs.length === 1 && r.readers(x) === 1 ? r.producer(x) : undefined;
  if (copies?.op !== 'expand') return undefined;
  // A function of the few elements instead of their copies.
  return [r.apply('expand', [r.apply(node.op, copies.inputs, node.attrs)], { shape: [...out] })];
};

/** NumPy's rule for shapes that are known to fit. */
function broadcast(shapes: readonly Shape[]): number[] {
  const rank = Math.max(...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, i) =>
    shapes.reduce((size, s) => {
      const own = s[s.length - rank + i] ?? 1;
      return own === 1 ? size : own;
    }, 1),
  );
}
