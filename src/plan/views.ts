import { elementCount, type Graph, type Value, type ValueId } from '../ir/graph.ts';
import { type OpTable, primitiveOp } from '../ir/op.ts';

/** A place where values must lie one after the other (`pack`). */
export interface Pack {
  readonly value: ValueId;
  readonly parts: readonly ValueId[];
}

/** Which values share memory: views, in-place updates, parts and packs. */
export interface Views {
  /** The value whose elements, all of them in their order, are those of `v`: what computes the one computes the other. */
  same(v: ValueId): ValueId;
  /** The value in whose memory `v` lies. */
  root(v: ValueId): ValueId;
  /** How many elements of the root's lie before `v`. */
  offset(v: ValueId): number;
  readonly packs: readonly Pack[];
  /** How memory keeps `v`; `undefined` where it does as it is, and of what is not of the graph. */
  storage(v: ValueId): Value['storage'];
}

export function findViews(graph: Graph, ops: OpTable): Views {
  const places = new Places();
  const packs: Pack[] = [];
  for (const { op: name, inputs, outputs, attrs } of graph.nodes) {
    const { lowering } = primitiveOp(ops, name);
    const shapes = inputs.map((v) => graph.values[v].shape);
    if (lowering.kind === 'view') {
      if (lowering.packed) {
        packs.push({ value: outputs[0], parts: inputs.map(places.root) });
      } else if (lowering.joined) {
        let start = 0;
        inputs.forEach((v, i) => {
          places.join(v, outputs[0], start);
          start += elementCount(shapes[i]);
        });
      } else if (lowering.offset) places.place(outputs[0], inputs[0], lowering.offset(shapes[0], attrs));
      else places.alias(outputs[0], inputs[0]);
    } else if (lowering.kind === 'kernels' && lowering.inPlace) {
      for (const [out, operand] of Object.entries(lowering.inPlace)) {
        places.alias(outputs[Number(out)], inputs[operand]);
      }
    }
  }
  const storage = (v: ValueId) => graph.values[v]?.storage;
  return { same: places.same, root: places.root, offset: places.offset, packs, storage };
}

/** Values that lie in others, some elements from the beginning. */
class Places {
  private readonly within = new Map<ValueId, { readonly value: ValueId; readonly start: number }>();
  private readonly aliases = new Map<ValueId, ValueId>();

  alias(v: ValueId, of: ValueId): void {
    this.place(v, of, 0);
    this.aliases.set(v, of);
  }

  place(v: ValueId, inside: ValueId, start: number): void {
    if (this.within.has(v)) throw new Error(`value ${v} has two places`);
    this.within.set(v, { value: inside, start });
  }

  /** Puts a value, with all that lies in it, into another. */
  join(v: ValueId, whole: ValueId, start: number): void {
    if (this.offset(v) !== 0)
      throw new Error(`value ${v} is a part, and cannot be joined to others in its place`);
    this.place(this.root(v), whole, start);
  }

  readonly same = (v: ValueId): ValueId => {
    let found = v;
    for (let next = this.aliases.get(found); next !== undefined; next = this.aliases.get(found)) found = next;
    return found;
  };

  readonly root = (v: ValueId): ValueId => this.find(v).value;

  readonly offset = (v: ValueId): number => this.find(v).start;

  private find(v: ValueId): { readonly value: ValueId; readonly start: number } {
    let [value, start] = [v, 0];
    for (let next = this.within.get(value); next !== undefined; next = this.within.get(value)) {
      value = next.value;
      start += next.start;
    }
    return { value, start };
  }
}
