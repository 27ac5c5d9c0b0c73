import type { AddressBits } from '../../runtime/wasm/memory-map.ts';
import type { ValueType } from '../encode/module.ts';
import type { FunctionTree, Variable } from '../wgsl/tree.ts';
import { Graph } from './graph.ts';
import { type Cell, type Define, type Item, type Label, type Node, Region } from './region.ts';
import type { Runs } from './runs.ts';
import type { Taint } from './taint.ts';
import { isRow } from './vectors.ts';

export interface CompileOptions {
  /**
   * `clamp`: every index is brought within its array, as WGSL asks for. `trusted`: only those that follow from data in
   * memory are; of the others the kernel is taken to be right, as those are that archc renders.
   */
  readonly bounds: 'clamp' | 'trusted';
  /** `fma` rounds once where the processor can: results then depend on it. */
  readonly relaxed: boolean;
  /** Bits of an address, by default 32; with 64 the memory may be larger than 4 GiB. The results are the same bits. */
  readonly address?: AddressBits;
}

/** Where a variable lies that is kept in memory. */
export interface Home {
  /** Its first byte: a parameter, or what is added to one. Behind `far`, if that is there, by 32 bits. */
  readonly base: Node;
  /** An address of 64 bits, from which 32 count. */
  readonly far?: Node;
  /** Bytes, of an array whose length is the buffer's. */
  readonly bytes?: Node;
  /** Stored to by this kernel: what is loaded may change. */
  readonly written: boolean;
}

/** Where `break`, `continue` and `return` lead. */
export interface Targets {
  readonly leave?: Exit;
  readonly next?: Exit;
  /** With a cell for each leaf of the result. */
  readonly back: Exit & { readonly result: readonly Cell[] };
}

export interface Exit {
  readonly label: Label;
  /** What variables hold there. */
  readonly cells: ReadonlyMap<Variable, readonly Cell[]>;
}

/** What variables hold, as leaves. */
export type Environment = Map<Variable, readonly Node[]>;

/** Where code is being made, and what is known there. */
export class Context {
  readonly graph: Graph;
  readonly options: CompileOptions;
  readonly taint: Taint;
  readonly homes = new Map<Variable, Home>();
  region: Region;
  /** What is loaded here may not be loaded outside of it. */
  floor: Region;
  environment: Environment = new Map();
  targets!: Targets;
  /** Nothing comes here. */
  dead = false;
  /** Quotients that are known in the loop whose body is being made. */
  runs: Runs | undefined;
  /** How often memory that is written may have changed. */
  private state = 0;
  private loaded = new Map<
    string,
    { readonly node: Node; readonly region: Region; readonly buffer: Variable }
  >();
  /** Set by what knows statements: puts a function's body in the place of a call. */
  inlineCall!: (callee: FunctionTree, args: readonly (readonly Node[])[]) => readonly Node[];
  /** The functions that are being put in place. */
  readonly calls: FunctionTree[] = [];

  constructor(root: Region, options: CompileOptions, taint: Taint) {
    this.graph = new Graph(root, options.relaxed);
    this.region = root;
    this.floor = root;
    this.options = options;
    this.taint = taint;
  }

  emit(item: Item): void {
    this.region.items.push(item);
  }

  /** Makes code in a region within this one. What is loaded there stays in `floor`, by default in this region's. */
  within<T>(region: Region, floor: Region, make: () => T): T {
    const before = { region: this.region, floor: this.floor };
    this.region = region;
    this.floor = floor;
    const made = make();
    this.region = before.region;
    this.floor = before.floor;
    return made;
  }

  inner(isLoop = false): Region {
    return new Region(this.region, isLoop);
  }

  /** From here on the region is only run under a condition. */
  guard(): void {
    if (this.region.nest > this.floor.nest) this.floor = this.region;
  }

  /** Labels that are branched to, and whose blocks are not closed yet. */
  readonly pending = new Set<Label>();

  branch(label: Label, condition?: Node): void {
    label.used = true;
    this.pending.add(label);
    this.emit({ kind: 'branch', label, condition });
    if (condition) this.guard();
    else this.dead = true;
  }

  set(cell: Cell, value: Node): void {
    if (cell.current !== value) this.emit({ kind: 'set', cell, value });
  }

  /** Reads a cell, here. */
  get(cell: Cell, data: boolean): Node {
    const node = this.graph.fresh('cell', cell.rep, [], 0, this.region, data);
    this.defined.set(node, cell);
    this.emit({ kind: 'define', node, also: [] });
    cell.current = node;
    return node;
  }

  /** The cells that nodes of the op `cell` read. */
  readonly defined = new Map<Node, Cell>();

  cellsFor(nodes: readonly { readonly rep: ValueType }[]): Cell[] {
    return nodes.map(({ rep }) => ({ rep }));
  }

  /** Loads memory that the kernel writes, now. */
  loadNow(buffer: Variable, op: string, rep: ValueType, address: Node, offset: number, data: boolean): Node {
    const key = this.loadedKey(op, address, offset);
    const known = this.loaded.get(key);
    if (known?.region.holds(this.region)) return known.node;
    const node = this.graph.fresh(op, rep, [address], offset, this.region, data);
    const item: Define = { kind: 'define', node, buffer, also: [] };
    this.graph.loads.set(node, { item, region: this.region, index: this.region.items.length });
    this.emit(item);
    this.loaded.set(key, { node, region: this.region, buffer });
    return node;
  }

  /** Elements side by side of memory that the kernel writes, and has not written since they were loaded, as one. */
  loadedTogether(lanes: readonly Node[]): Node | undefined {
    const [first] = lanes;
    if (!first.isFresh || !isRow(lanes)) return undefined;
    const [address] = first.args;
    const known = lanes.map((n) => this.loaded.get(this.loadedKey(n.op, address, n.imm as number)));
    if (known.some((k, lane) => k?.node !== lanes[lane])) return undefined;
    return this.loadNow(known[0]!.buffer, 'v128.load', 'v128', address, first.imm as number, first.data);
  }

  private loadedKey(op: string, address: Node, offset: number): string {
    return `${op} ${address.id} ${offset} ${this.state}`;
  }

  /** Memory may hold something else from here on. */
  changeMemory(): void {
    this.state = this.states++;
  }
  private states = 1;

  isTainted = (variable: Variable): boolean => this.taint.variables.has(variable);
}
