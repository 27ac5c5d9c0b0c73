import type { ValueType } from '../encode/module.ts';
import type { Variable } from '../wgsl/tree.ts';

/** A value that is computed once: an instruction, its operands and what stands in it. */
export interface Node {
  readonly id: number;
  readonly op: string;
  readonly rep: ValueType;
  readonly args: readonly Node[];
  /** A constant, the offset of a memory access, a lane, or lanes. */
  readonly imm: number | readonly number[];
  /** The outermost region in which all that it needs is known. */
  readonly early: Region;
  /** Follows from data in memory, not only from places and sizes: as an index it is never taken for granted. */
  readonly data: boolean;
  /** No other node is the same: what a cell or memory holds at some time, which may be something else later. */
  readonly isFresh: boolean;
}

/** What a variable holds where control flow meets: a local that each way in sets. */
export interface Cell {
  readonly rep: ValueType;
  /** The node that last read it, which need not be stored back. */
  current?: Node;
}

/** Where a branch leads: behind its block, or to the head of its loop. */
export interface Label {
  used: boolean;
}

/** Instructions with an effect, and what holds others; nodes are put between them as they are needed. */
export type Item =
  | {
      readonly kind: 'store';
      readonly op: string;
      readonly address: Node;
      readonly offset: number;
      readonly value: Node;
      /** What it stores to; left out: memory that nothing else names. */
      readonly buffer?: Variable;
    }
  | { readonly kind: 'set'; readonly cell: Cell; readonly value: Node }
  /** Computes a node here and nowhere else: it reads a cell, or memory that is written. */
  | Define
  | { readonly kind: 'nothing' }
  | { readonly kind: 'loop'; readonly label: Label; readonly body: Region }
  | { readonly kind: 'block'; readonly label: Label; readonly body: Region }
  | { readonly kind: 'if'; readonly condition: Node; readonly body: Region; readonly otherwise: Region }
  | { readonly kind: 'branch'; readonly label: Label; readonly condition?: Node };

export interface Define {
  readonly kind: 'define';
  readonly node: Node;
  readonly buffer?: Variable;
  /** Other loads of the same memory at the same time: vectors that begin there. */
  readonly also: Node[];
}

/** Bytes that a load or store touches. */
export const bytesOfAccess = (op: string): number => (/^v128\.(load|store)$/.test(op) ? 16 : 4);

/** A sequence of items: the body of the function, of a loop, a block or a branch. */
export class Region {
  private static count = 0;
  readonly id = Region.count++;
  readonly parent: Region | undefined;
  /** Which item of the parent it belongs to. */
  readonly index: number;
  /** Regions around it. */
  readonly nest: number;
  /** Loops around it. */
  readonly depth: number;
  readonly items: Item[] = [];

  constructor(parent?: Region, isLoop = false) {
    this.parent = parent;
    this.index = parent ? parent.items.length : 0;
    this.nest = parent ? parent.nest + 1 : 0;
    this.depth = (parent?.depth ?? 0) + (isLoop ? 1 : 0);
  }

  /** Whether it is this region, or lies in it. */
  holds(other: Region): boolean {
    let r: Region | undefined = other;
    while (r && r.nest > this.nest) r = r.parent;
    return r === this;
  }
}

export const deeper = (a: Region, b: Region): Region => (a.nest >= b.nest ? a : b);
