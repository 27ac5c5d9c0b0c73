import type { GraphBuilder } from '../../ir/builder.ts';
import type { Node, ValueId } from '../../ir/graph.ts';
import { leadingAxis } from '../../ir/split-rule.ts';

/** The tensors of a graph while it is split: whole, in parts, or both. */
export class Pieces {
  private readonly b: GraphBuilder;
  private readonly isCut: (v: ValueId) => boolean;
  private readonly wholes = new Map<ValueId, ValueId>();
  private readonly parts = new Map<ValueId, readonly ValueId[]>();
  /** Pieces that were cut out, by what they are. */
  private readonly taken = new Map<string, ValueId>();
  /** Values that lie in a join. */
  private readonly inJoins = new Set<ValueId>();
  private readonly producers = new Map<ValueId, Node>();
  private indexed = 0;

  /** @param isCut whether a value is too large, so that its parts are what others read */
  constructor(b: GraphBuilder, isCut: (v: ValueId) => boolean) {
    this.b = b;
    this.isCut = isCut;
  }

  define(v: ValueId, whole: ValueId): void {
    this.wholes.set(v, whole);
  }

  /** The parts of a value along an axis, in order. What is not large is put together at once: others read it whole. */
  defineParts(v: ValueId, axis: number, parts: readonly ValueId[]): void {
    if (this.isCut(v)) this.parts.set(v, parts);
    else this.wholes.set(v, this.joined(parts, axis));
  }

  /** The whole value; the source itself where no node computes it. */
  whole(v: ValueId): ValueId {
    const known = this.wholes.get(v);
    if (known !== undefined) return known;
    const parts = this.parts.get(v);
    if (!parts) return v;
    const whole = this.joined(parts, leadingAxis(this.b.shape(v)));
    this.wholes.set(v, whole);
    return whole;
  }

  /** Part `k` of a value that is cut along an axis. */
  piece(v: ValueId, axis: number, k: number, cuts: readonly number[]): ValueId {
    const part = this.parts.get(v)?.[k];
    if (part !== undefined) return part;
    const x = this.whole(v);
    const share = this.b.shape(x)[axis] / cuts[cuts.length - 1];
    const [start, end] = [cuts[k] * share, cuts[k + 1] * share];
    const key = `${x} ${axis} ${start} ${end}`;
    const piece = this.taken.get(key) ?? this.cut(x, axis, start, end);
    this.taken.set(key, piece);
    return piece;
  }

  private cut(x: ValueId, axis: number, start: number, end: number): ValueId {
    const inPlace = axis === leadingAxis(this.b.shape(x));
    return this.b.apply(inPlace ? 'part' : 'slice', [x], { axis, start, end });
  }

  /** In place where the parts lie one after the other, else as a copy. */
  private joined(parts: readonly ValueId[], axis: number): ValueId {
    const { b } = this;
    const before = b.shape(parts[0]).slice(0, axis);
    if (!before.every((size) => size === 1)) return b.apply('concat', parts, { axis });
    return b.apply(
      'join',
      parts.map((v) => (this.hasOwnMemory(v) ? v : b.copy(v))),
      { axis },
    );
  }

  /** Whether a node computes a value into memory that no join has taken yet. */
  private hasOwnMemory(v: ValueId): boolean {
    const node = this.producer(v);
    const op = node && this.b.op(node.op);
    if (op?.kind !== 'primitive' || op.lowering.kind === 'view' || this.inJoins.has(v)) return false;
    this.inJoins.add(v);
    return true;
  }

  /** The node that computes a value; each is looked at once. */
  private producer(v: ValueId): Node | undefined {
    const { nodeList } = this.b;
    for (; this.indexed < nodeList.length; this.indexed++)
      for (const out of nodeList[this.indexed].outputs) this.producers.set(out, nodeList[this.indexed]);
    return this.producers.get(v);
  }
}
