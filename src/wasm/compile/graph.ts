import type { ValueType } from '../encode/module.ts';
import { fold } from './fold.ts';
import { type Define, deeper, type Node, type Region } from './region.ts';

/** A load of memory that is written stands in one place. */
export interface Load {
  readonly item: Define;
  readonly region: Region;
  readonly index: number;
}

/** Nodes of a function. What is computed in the same way from the same operands is one node. */
export class Graph {
  readonly root: Region;
  /** Products that are added to something round once, with it. */
  readonly relaxed: boolean;
  /** By what is computed, then by {@link keyOf}. */
  private readonly known = new Map<string, Map<string | number, Node>>();
  private count = 0;
  /** Loads of memory that is written, and where they stand. */
  readonly loads = new Map<Node, Load>();

  constructor(root: Region, relaxed: boolean) {
    this.root = root;
    this.relaxed = relaxed;
  }

  /** A node that stands for itself: a parameter, what a cell holds, what memory holds at some time. */
  fresh(
    op: string,
    rep: ValueType,
    args: readonly Node[],
    imm: Node['imm'],
    early: Region,
    data: boolean,
  ): Node {
    return this.node(op, rep, args, imm, early, data, true);
  }

  private node(
    op: string,
    rep: ValueType,
    args: readonly Node[],
    imm: Node['imm'],
    early: Region,
    data: boolean,
    isFresh: boolean,
  ): Node {
    return { id: this.count++, op, rep, args, imm, early, data, isFresh };
  }

  i32(value: number): Node {
    return this.make('i32.const', [], value | 0, this.root);
  }

  /** A constant of 64 bits that 32 hold. */
  i64(value: number): Node {
    return this.make('i64.const', [], value, this.root);
  }

  f32(value: number): Node {
    return this.make('f32.const', [], Math.fround(value), this.root);
  }

  /** Four lanes as words of 32 bits. */
  v128(words: readonly number[]): Node {
    return this.make('v128.const', [], words, this.root);
  }

  op(op: string, ...args: readonly Node[]): Node {
    return fold(this, op, args, 0) ?? this.make(op, args, 0, this.root);
  }

  /** With a lane or lanes. */
  lane(op: string, imm: number | readonly number[], ...args: readonly Node[]): Node {
    return fold(this, op, args, imm) ?? this.make(op, args, imm, this.root);
  }

  /**
   * A load of memory that nothing writes.
   *
   * @param floor the outermost region in which the address is one of the memory's
   */
  load(op: string, address: Node, offset: number, floor: Region, data: boolean): Node {
    const known = this.knownOf(op);
    for (let r: Region | undefined = floor; r; r = r.parent) {
      const node = known.get(keyOf([address], offset, r));
      if (node) return node;
    }
    return this.make(op, [address], offset, floor, data);
  }

  /** Another instruction that loads from where a load of memory that is written does, where such a load stands. */
  loadAlso({ item, region }: Load, op: string, from: Node): Node {
    const known = item.also.find((n) => n.op === op && n.args[0] === from.args[0] && n.imm === from.imm);
    if (known) return known;
    const node = this.fresh(op, repOf(op), from.args, from.imm, region, from.data);
    item.also.push(node);
    return node;
  }

  private knownOf(op: string): Map<string | number, Node> {
    const known = this.known.get(op) ?? new Map<string | number, Node>();
    this.known.set(op, known);
    return known;
  }

  private make(op: string, args: readonly Node[], imm: Node['imm'], floor: Region, isData = false): Node {
    const nodes = this.knownOf(op);
    const key = keyOf(args, imm, floor);
    const known = nodes.get(key);
    if (known) return known;
    let early = floor;
    let data = isData;
    for (const a of args) {
      early = deeper(early, a.early);
      data ||= a.data;
    }
    const node = this.node(op, repOf(op), args, imm, early, data, false);
    nodes.set(key, node);
    return node;
  }
}

/** Nodes of a function are fewer. */
const MOST_NODES = 2 ** 24;

/** What tells nodes of one op apart: a number where it is a constant, or there are at most two operands and nothing else. */
function keyOf(args: readonly Node[], imm: Node['imm'], floor: Region): string | number {
  if (typeof imm === 'number' && !Object.is(imm, -0) && floor.parent === undefined) {
    if (args.length === 0) return imm;
    if (args.length <= 2 && imm === 0)
      return args[0].id * MOST_NODES + (args.length === 2 ? args[1].id + 1 : 0);
  }
  const constant = typeof imm === 'number' && Object.is(imm, -0) ? '-0' : String(imm);
  return `${args.map((a) => a.id).join(' ')},${constant},${floor.id}`;
}

const reps = new Map<string, ValueType>();

/** What an instruction leaves on the stack. */
function repOf(op: string): ValueType {
  const known = reps.get(op) ?? resultOf(op);
  reps.set(op, known);
  return known;
}

function resultOf(op: string): ValueType {
  if (op === 'v128.any_true' || op === 'i32x4.all_true' || op === 'i32x4.extract_lane') return 'i32';
  if (op === 'f32x4.extract_lane') return 'f32';
  const [of, what] = op.split('.');
  if (of === 'v128' || of.includes('x')) return 'v128';
  if (of === 'f32' && /^(eq|ne|lt|gt|le|ge)$/.test(what)) return 'i32';
  if (of === 'i64') return 'i64';
  if (of === 'select_f32') return 'f32';
  if (of === 'select_v128') return 'v128';
  return of === 'f32' ? 'f32' : 'i32';
}
