import { sameShape, type ValueId } from '../../ir/graph.ts';
import { isPowerOfTwo } from '../../math.ts';
import type { Rewriting, Rule } from '../rewrite.ts';

/** Ops on constants that only change the shape. */
const shapeOnly = new Set(['reshape', 'permute', 'expand', 'slice', 'flip', 'roll']);

/** The value of a tensor whose elements are all one number. */
function constantOf(v: ValueId, r: Rewriting): number | undefined {
  const node = r.producer(v);
  return node?.op === 'full' ? (node.attrs['value'] as number) : undefined;
}

/** Numbers that kernels can hold: 0, or of a size between the smallest normal 32-bit float and the largest. */
export function isHeld(x: number): boolean {
  const size = Math.abs(Math.fround(x));
  return x === 0 || (size >= 2 ** -126 && size < Number.POSITIVE_INFINITY);
}

const fullLike = (v: ValueId, value: number, r: Rewriting) => [
  r.apply('full', [], { shape: [...r.shape(v)], value }),
];

/** Another shape of a constant is a constant. */
export const reshapedConstant: Rule = (node, r) => {
  if (!shapeOnly.has(node.op)) return undefined;
  const value = constantOf(node.inputs[0], r);
  return value === undefined ? undefined : fullLike(node.outputs[0], value, r);
};

/** What an element-wise op makes of constants is computed in float64, as exact as no kernel would be. */
export const foldedConstant: Rule = (node, r) => {
  const op = r.ops.get(node.op);
  if (op?.kind !== 'primitive' || op.lowering.kind !== 'elementwise' || node.inputs.length === 0)
    return undefined;
  const values = node.inputs.map((v) => constantOf(v, r));
  if (values.some((x) => x === undefined)) return undefined;
  const scalars = values.map((x) => ({ shape: [], data: Float64Array.of(x!) }));
  const value = op.reference(scalars, node.attrs, [[]])[0].data[0];
  return isHeld(value) ? fullLike(node.outputs[0], value, r) : undefined;
};

/** A constant operand becomes the number of an `affine`, where the other operand has the shape of the result. */
export const constantOperand: Rule = (node, r) => {
  if (node.inputs.length !== 2) return undefined;
  const [a, b] = node.inputs.map((v) => constantOf(v, r));
  const affine = (operand: 0 | 1, factor: number, offset: number) => {
    const x = node.inputs[operand];
    const fits = sameShape(r.shape(x), r.shape(node.outputs[0])) && isHeld(factor) && isHeld(offset);
    return fits ? [r.apply('affine', [x], { factor, offset })] : undefined;
  };
  if (node.op === 'add') {
    if (b !== undefined) return affine(0, 1, b);
    if (a !== undefined) return affine(1, 1, a);
  }
  if (node.op === 'sub') {
    if (b !== undefined) return affine(0, 1, -b);
    if (a !== undefined) return affine(1, -1, a);
  }
  if (node.op === 'mul') {
    if (b !== undefined) return affine(0, b, 0);
    if (a !== undefined) return affine(1, a, 0);
  }
  // Only division by a power of two is as exact as multiplication.
  if (node.op === 'div' && b !== undefined && isPowerOfTwo(Math.abs(b))) return affine(0, 1 / b, 0);
  return undefined;
};

/** Gradients of losses need no tensor to say what the loss weighs. */
export const constantSeed: Rule = (node, r) => {
  const at = { cross_entropy_backward: 4, dice_loss_backward: 4 }[node.op];
  if (at === undefined || node.inputs.length <= at) return undefined;
  const weight = constantOf(node.inputs[at], r);
  if (weight === undefined || !isHeld(weight)) return undefined;
  const gradient = r.apply(node.op, node.inputs.slice(0, at), node.attrs);
  return [r.apply('affine', [gradient], { factor: weight, offset: 0 })];
};
