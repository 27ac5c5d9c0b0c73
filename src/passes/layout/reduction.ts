import { resolveAxis } from '../../ir/axis.ts';
import type { Node, Shape, ValueId } from '../../ir/graph.ts';
import type { GraphIndex, Rewriting } from '../rewrite.ts';
import { asTheyLie, joined, liesInOrder } from './atoms.ts';
import type { Chain } from './chains.ts';
import { reshaped } from './contraction.ts';
import { isWalkable } from './runs.ts';

/** A sum of a view of another value. */
export interface NewSum {
  readonly value: ValueId;
  readonly shape: Shape;
  readonly axes: readonly number[];
}

/** The sum over the same elements where a chain begins; `undefined` where what is left would not lie in order. */
export function sumOfBase(node: Node, chain: Chain, index: GraphIndex): NewSum | undefined {
  const rank = index.shape(node.inputs[0]).length;
  const summed = (node.attrs['axes'] as readonly number[]).map((a) => resolveAxis(a, rank));
  const kept = joined(chain.layout.filter((_, a) => !summed.includes(a)).flat());
  const gone = joined(summed.sort((a, b) => a - b).flatMap((a) => chain.layout[a]));
  if (!liesInOrder(kept)) return undefined;
  const atoms = asTheyLie([...kept, ...gone]);
  const runs = (of: typeof kept) => isWalkable(of.map(({ size, stride }) => ({ size, strides: [stride] })));
  if (!runs(kept) || !runs(asTheyLie(gone))) return undefined;
  return {
    value: chain.base,
    shape: atoms.map((a) => a.size),
    axes: atoms.flatMap((a, k) => (gone.includes(a) ? [k] : [])),
  };
}

export function appliedSum(s: NewSum, shape: Shape, r: Rewriting): ValueId {
  const x = reshaped(r.now(s.value), s.shape, r);
  return reshaped(r.apply('sum', [x], { axes: [...s.axes], keepdim: false }), shape, r);
}
