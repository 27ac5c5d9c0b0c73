import { elementCount, type Graph, type ValueId } from './graph.ts';
import type { OpTable } from './op.ts';
import { packed } from './packing.ts';

/** Elements of a value that lie one after the other, as those of what computes them. */
export interface Extent {
  /** A source, or an output of a node that is no view. */
  readonly of: ValueId;
  /** The first of them in `of`, and in the value. */
  readonly from: number;
  readonly at: number;
  readonly count: number;
}

/**
 * What each value is made of: views are followed to what computes their elements. What an op changes in place is made
 * of itself. The gaps of a pack are nobody's.
 */
export function findContents(graph: Graph, ops: OpTable): (v: ValueId) => readonly Extent[] {
  const views = new Map<ValueId, readonly Extent[]>();
  const count = (v: ValueId) => elementCount(graph.values[v].shape);
  const contents = (v: ValueId) => views.get(v) ?? [{ of: v, from: 0, at: 0, count: count(v) }];
  for (const { op: name, inputs, outputs, attrs } of graph.nodes) {
    const op = ops.get(name);
    if (op?.kind !== 'primitive' || op.lowering.kind !== 'view') continue;
    const { packed: asPack, joined, offset } = op.lowering;
    const [out] = outputs;
    if (asPack || joined) {
      const counts = inputs.map(count);
      const starts = asPack ? packed(counts).starts : counts.map((_, k) => sum(counts.slice(0, k)));
      views.set(
        out,
        inputs.flatMap((v, k) => contents(v).map((e) => ({ ...e, at: e.at + starts[k] }))),
      );
    } else {
      const start = offset?.(graph.values[inputs[0]].shape, attrs) ?? 0;
      views.set(out, cutOut(contents(inputs[0]), start, count(out)));
    }
  }
  return contents;
}

/** So many elements from `start` on. */
export function cutOut(extents: readonly Extent[], start: number, count: number): Extent[] {
  return extents.flatMap(({ of, from, at, count: length }) => {
    const [first, end] = [Math.max(at, start), Math.min(at + length, start + count)];
    return first < end ? [{ of, from: from + first - at, at: first - start, count: end - first }] : [];
  });
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
