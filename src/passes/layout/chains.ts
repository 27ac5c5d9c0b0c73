import type { Node, ValueId } from '../../ir/graph.ts';
import type { GraphIndex } from '../rewrite.ts';
import { orderOf } from '../simplify/shapes.ts';
import { type Layout, ownLayout, regroup } from './atoms.ts';

/** A value as it lies in another one, from which reshapes and permutes lead to it. */
export interface Chain {
  readonly base: ValueId;
  readonly layout: Layout;
}

const moves = (node: Node | undefined): node is Node => node?.op === 'reshape' || node?.op === 'permute';

/**
 * Follows reshapes and permutes from `v` up to the first value that is none of them, or whose permute is still
 * needed elsewhere.
 *
 * @param dispensable whether nothing else needs the result of this permute
 * @returns `undefined` where no permute is on the way
 */
export function chainTo(
  v: ValueId,
  index: GraphIndex,
  dispensable: (permute: Node) => boolean,
): Chain | undefined {
  const path: Node[] = [];
  for (let node = index.producer(v); moves(node); node = index.producer(node.inputs[0])) {
    if (node.op === 'permute' && !dispensable(node)) break;
    path.push(node);
  }
  // Reshapes above the outermost permute are none of the chain's business.
  while (path.length > 0 && path.at(-1)!.op === 'reshape') path.pop();
  return path.length === 0 ? undefined : chainAlong(path.reverse(), index);
}

/** Where the elements lie after these reshapes and permutes, in order, in what the first is given. */
export function chainAlong(path: readonly Node[], index: GraphIndex): Chain | undefined {
  const base = path[0].inputs[0];
  let layout: Layout | undefined = ownLayout(index.shape(base));
  for (const node of path) {
    if (node.op === 'permute') layout = orderOf(node).map((a) => layout![a]);
    else layout = regroup(layout.flat(), index.shape(node.outputs[0]));
    if (layout === undefined) return undefined;
  }
  return { base, layout };
}

/** Reshapes and permutes that follow a value, each the only reader of the one before, up to the last permute. */
export function pathFrom(v: ValueId, index: GraphIndex): Node[] {
  const path: Node[] = [];
  for (let at = v; ; ) {
    const readers = index.readers(at);
    if (readers.length !== 1 || index.isResult(at) || !moves(readers[0])) break;
    path.push(readers[0]);
    at = readers[0].outputs[0];
  }
  while (path.length > 0 && path.at(-1)!.op === 'reshape') path.pop();
  return path;
}
