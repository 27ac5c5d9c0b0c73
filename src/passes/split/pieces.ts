import type { GraphBuilder } from '../../ir/builder.ts';
import { elementCount, type ValueId } from '../../ir/graph.ts';
import { PACK_ALIGNMENT } from '../../ir/packing.ts';
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
    const shape = this.b.shape(x);
    const inner = elementCount(shape.slice(axis + 1));
    const inPlace = axis === leadingAxis(shape) && (start * inner) % PACK_ALIGNMENT === 0;
    return this.b.apply(inPlace ? 'part' : 'slice', [x], { axis, start, end });
  }

  /** In place where bindings can begin at the parts, else as a copy. */
  private joined(parts: readonly ValueId[], axis: number): ValueId {
    const { b } = this;
    const sizes = parts.map((v) => elementCount(b.shape(v)));
    const leading = b
      .shape(parts[0])
      .slice(0, axis)
      .every((size) => size === 1);
    const inPlace = leading && sizes.slice(0, -1).every((size) => size % PACK_ALIGNMENT === 0);
    if (!inPlace) return b.apply('concat', parts, { axis });
    return b.apply(
      'join',
      parts.map((v) => (this.hasOwnMemory(v) ? v : this.b.copy(v))),
      { axis },
    );
  }

  /** Whether a node computes a value into memory that no join has taken yet. */
  private hasOwnMemory(v: ValueId): boolean {
    const node = this.b.nodeList.findLast(({ outputs }) => outputs.includes(v));
    const op = node && this.b.op(node.op);
    if (op?.kind !== 'primitive' || op.lowering.kind === 'view' || this.inJoins.has(v)) return false;
    this.inJoins.add(v);
    return true;
  }
}
