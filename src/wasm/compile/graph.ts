import type { ValueType } from '../encode/module.ts';
import { fold } from './fold.ts';
import { deeper, type Node, type Region } from './region.ts';

/** Nodes of a function. What is computed in the same way from the same operands is one node. */
export class Graph {
  readonly root: Region;
  private readonly known = new Map<string, Node>();
  private count = 0;

  constructor(root: Region) {
    this.root = root;
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
    return { id: this.count++, op, rep, args, imm, early, data };
  }

  i32(value: number): Node {
    return this.make('i32.const', [], value | 0, this.root);
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
    for (let r: Region | undefined = floor; r; r = r.parent) {
      const known = this.known.get(keyOf(op, [address], offset, r));
      if (known) return known;
    }
    return this.make(op, [address], offset, floor, data);
  }

  private make(op: string, args: readonly Node[], imm: Node['imm'], floor: Region, isData = false): Node {
    const key = keyOf(op, args, imm, floor);
    const known = this.known.get(key);
    if (known) return known;
    let early = floor;
    let data = isData;
    for (const a of args) {
      early = deeper(early, a.early);
      data ||= a.data;
    }
    const node = this.fresh(op, repOf(op), args, imm, early, data);
    this.known.set(key, node);
    return node;
  }
}

const regionIds = new WeakMap<Region, number>();
let regions = 0;
function keyOf(op: string, args: readonly Node[], imm: Node['imm'], floor: Region): string {
  let region = regionIds.get(floor);
  if (region === undefined) {
    region = regions++;
    regionIds.set(floor, region);
  }
  const constant = typeof imm === 'number' && Object.is(imm, -0) ? '-0' : String(imm);
  return `${op} ${args.map((a) => a.id).join(' ')} ${constant} ${region}`;
}

/** What an instruction leaves on the stack. */
export function repOf(op: string): ValueType {
  if (op === 'v128.any_true' || op === 'i32x4.all_true' || op === 'i32x4.extract_lane') return 'i32';
  if (op === 'f32x4.extract_lane') return 'f32';
  const [of, what] = op.split('.');
  if (of === 'v128' || of.includes('x')) return 'v128';
  if (of === 'f32' && /^(eq|ne|lt|gt|le|ge)$/.test(what)) return 'i32';
  if (of === 'select_f32') return 'f32';
  if (of === 'select_v128') return 'v128';
  return of === 'f32' ? 'f32' : 'i32';
}
