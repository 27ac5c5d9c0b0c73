import { type Node, sameShape, type ValueId } from '../../ir/graph.ts';
import type { OpTable } from '../../ir/op.ts';
import type { Pass } from '../pass.ts';
import { type GraphIndex, type Rule, rewrite } from '../rewrite.ts';
import { joinCommon } from '../simplify/common.ts';
import { movesNothing, orderOf, permuteOfOnes, twice } from '../simplify/shapes.ts';
import { chainAlong, chainTo, pathFrom } from './chains.ts';
import { applied, readFromBase, reshaped, writtenAs } from './contraction.ts';
import { halvesOfContraction } from './halves.ts';
import { pointwiseConvolution } from './pointwise.ts';
import { appliedSum, sumOfBase } from './reduction.ts';

/** Whether each reader of a permute's result, behind reshapes, can read what the permute is given instead. */
function isDispensable(permute: Node, index: GraphIndex): boolean {
  return absorbed(permute.outputs[0], [permute], index);
}

function absorbed(v: ValueId, path: readonly Node[], index: GraphIndex): boolean {
  if (index.isResult(v)) return false;
  const chain = chainAlong(path, index);
  if (chain === undefined) return false;
  return index.readers(v).every((reader) => {
    if (reader.op === 'reshape' || reader.op === 'permute')
      return absorbed(reader.outputs[0], [...path, reader], index);
    if (reader.op === 'sum') return sumOfBase(reader, chain, index) !== undefined;
    if (reader.op !== 'einsum') return false;
    return reader.inputs.every((w, at) => w !== v || readFromBase(reader, at, chain, index) !== undefined);
  });
}

/** A contraction reads an operand with any strides. */
const operandOfContraction: Rule = (node, r, origin) => {
  if (node.op !== 'einsum') return undefined;
  for (const [at, v] of origin.inputs.entries()) {
    const chain = chainTo(v, r.before, (p) => isDispensable(p, r.before));
    const found = chain && readFromBase(origin, at, chain, r.before);
    if (found) return [applied(found, r.shape(node.outputs[0]), r)];
  }
  return undefined;
};

/** ... and writes its result with any. */
const resultOfContraction: Rule = (node, r, origin) => {
  if (node.op !== 'permute') return undefined;
  let at = origin.inputs[0];
  while (['reshape', 'permute'].includes(r.before.producer(at)?.op ?? ''))
    at = r.before.producer(at)!.inputs[0];
  const from = r.before.producer(at);
  if (from?.op !== 'einsum') return undefined;
  const path = pathFrom(at, r.before);
  if (path.at(-1) !== origin) return undefined;
  const chain = chainAlong(path, r.before);
  const found = chain && writtenAs(from, chain, r.before);
  return found && [applied(found, r.shape(node.outputs[0]), r)];
};

/** A sum walks its operand with any strides. */
const operandOfSum: Rule = (node, r, origin) => {
  if (node.op !== 'sum') return undefined;
  const chain = chainTo(origin.inputs[0], r.before, (p) => isDispensable(p, r.before));
  const found = chain && sumOfBase(origin, chain, r.before);
  return found && [appliedSum(found, r.shape(node.outputs[0]), r)];
};

/** Whether a permute of an element-wise op's result vanishes in what its operands of that shape come from. */
function takesPermute(node: Node, index: GraphIndex, ops: OpTable): boolean {
  const op = ops.get(node.op);
  if (op?.kind !== 'primitive' || op.lowering.kind !== 'elementwise') return false;
  if (node.op === 'expand' || node.op === 'full') return false;
  const shape = index.shape(node.outputs[0]);
  const [whole, stretched] = [true, false].map((same) =>
    node.inputs.filter((v) => sameShape(index.shape(v), shape) === same),
  );
  if (whole.length === 0 || stretched.some((v) => index.shape(v).filter((n) => n !== 1).length > 1))
    return false;
  return whole.every((v) => {
    const from = index.producer(v);
    if (from === undefined || index.readers(v).length !== 1 || index.isResult(v)) return false;
    return from.op === 'einsum' || from.op === 'permute' || takesPermute(from, index, ops);
  });
}

/**
 * A permute of an element-wise op's result becomes one of its operands, where that vanishes: in the contraction or the
 * permute that the operand comes from. Operands that are stretched have few elements.
 */
const permuteOfElementwise: Rule = (node, r, origin) => {
  if (node.op !== 'permute' || isDispensable(origin, r.before)) return undefined;
  const [y] = origin.inputs;
  const from = r.before.producer(y);
  if (from === undefined || r.before.readers(y).length !== 1 || r.before.isResult(y)) return undefined;
  if (!takesPermute(from, r.before, r.ops)) return undefined;
  const shape = r.before.shape(y);
  const inputs = from.inputs.map((v) => {
    const own = r.before.shape(v);
    const full = [...shape.slice(own.length).map(() => 1), ...own];
    return r.apply('permute', [reshaped(r.now(v), full, r)], { axes: orderOf(node) });
  });
  return [r.apply(from.op, inputs, from.attrs)];
};

const rules = [
  halvesOfContraction,
  pointwiseConvolution,
  movesNothing,
  permuteOfOnes,
  twice,
  operandOfContraction,
  operandOfSum,
  resultOfContraction,
  permuteOfElementwise,
];

export const layout: Pass = {
  name: 'layout',
  doc: 'Lets contractions and sums read and write other orders of axes, and halves, instead of copies.',
  // Two readers of one permute both read through a reshape of what it was given: the same one.
  run: (graph, { ops }) => joinCommon(rewrite(graph, ops, rules), ops),
};
