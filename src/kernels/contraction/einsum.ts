import { stridesOf, type Value } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import type { Run } from '../../ir/runs.ts';
import { axesOf, equationOf, letterSizes } from '../../ops/contraction/einsum.ts';
import type { Equation } from '../../ops/contraction/equation.ts';
import { copyCalls } from '../layout/copy-calls.ts';
import type { KernelContext, KernelFamily } from '../variant.ts';
import { isWalkable, type Problem } from './problem.ts';
import { type ProductVariant, productCandidates, productDocs } from './products.ts';

export const einsum: KernelFamily = {
  variants: productDocs,
  candidates: ({ inputs: [a, b], outputs: [y], attrs }, target) => {
    const e = equationOf(attrs);
    const direct = problemOf(e, a, b, y);
    if (isWalkable(direct)) return productCandidates(direct, target);
    return productCandidates(direct, target, (c, product) => inOrder(c, e, product));
  },
};

/** Where an index has more runs than kernels walk: copies bring its axes together. */
function inOrder(c: KernelContext, e: Equation, product: ProductVariant['calls']): KernelCall[] {
  const [a, b] = c.inputs;
  const [y] = c.outputs;
  const sorted = byIndex(e);
  const left = reordered(c, a, e.a, sorted.a);
  const right = reordered(c, b, e.b, sorted.b);
  const sizes = letterSizes(e, a.shape, b.shape);
  const shape = sorted.out.map((l) => sizes.get(l)!);
  const result = c.scratch(shape);
  const strides = stridesOf(shape);
  return [
    ...left.calls,
    ...right.calls,
    ...product(c, problemOf(sorted, left.value, right.value, result)),
    ...copyCalls(c, result, y, {
      base: 0,
      axes: e.out.map((l) => ({ size: sizes.get(l)!, stride: strides[sorted.out.indexOf(l)] })),
    }),
  ];
}

/** The contraction as a matrix product: which letters make up each of its indices. */
function problemOf(e: Equation, a: Value, b: Value, y: Value): Problem {
  const runs = (order: readonly string[], of: (strides: readonly number[]) => number[]): Run[] =>
    axesOf(e, order, a.shape, b.shape, y.shape).map((r) => ({ size: r.size, strides: of(r.strides) }));
  const { batch, m, n, k } = indicesOf(e);
  return {
    a,
    b,
    y,
    batch: runs(batch, (s) => [...s]),
    m: runs(m, (s) => [s[0], s[2]]),
    n: runs(n, (s) => [s[1], s[2]]),
    k: runs(k, (s) => [s[0], s[1]]),
  };
}

function indicesOf(e: Equation) {
  return {
    batch: e.out.filter((l) => e.a.includes(l) && e.b.includes(l)),
    m: e.out.filter((l) => !e.b.includes(l)),
    n: e.out.filter((l) => !e.a.includes(l)),
    k: e.a.filter((l) => !e.out.includes(l)),
  };
}

/** The same contraction with the letters of each index side by side, and in one order everywhere. */
function byIndex(e: Equation): Equation {
  const { batch, m, n, k } = indicesOf(e);
  return { a: [...batch, ...m, ...k], b: [...batch, ...k, ...n], out: [...batch, ...m, ...n] };
}

/** A copy of `x` with its axes, named by `from`, in the order of `to`. */
function reordered(c: KernelContext, x: Value, from: readonly string[], to: readonly string[]) {
  const strides = stridesOf(x.shape);
  const axes = to.map((l) => from.indexOf(l)).map((i) => ({ size: x.shape[i], stride: strides[i] }));
  const value = c.scratch(axes.map((axis) => axis.size));
  return { value, calls: copyCalls(c, x, value, { base: 0, axes }) };
}
