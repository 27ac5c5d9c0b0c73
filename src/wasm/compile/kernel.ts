import { RECORD } from '../../runtime/wasm/memory-map.ts';
import { KERNEL_PARAMETERS, type KernelFunction } from '../encode/module.ts';
import { hasBarrier, inlineBarriers } from '../wgsl/barriers.ts';
import { checkModule } from '../wgsl/check-module.ts';
import type { BuiltinValue, ModuleTree } from '../wgsl/tree.ts';
import { sizeOf } from '../wgsl/types.ts';
import { WgslError } from '../wgsl/wgsl-error.ts';
import { type CompileOptions, Context, type Environment } from './context.ts';
import { cooperate, keptIn } from './cooperate.ts';
import { counted } from './counted.ts';
import { emit } from './emit.ts';
import { farOf, memoryAddress } from './far.ts';
import { inlineCall } from './inline.ts';
import type { KernelCache } from './kernel-cache.ts';
import { lowerBlock } from './lower-statement.ts';
import { type Label, type Node, Region } from './region.ts';
import { schedule } from './schedule.ts';
import { combineStores } from './superword.ts';
import { taintOf } from './taint.ts';

/**
 * A kernel as a function of WebAssembly. Its parameters, all i32: the first workgroup and the one behind the last that it
 * runs, counted flat, x fastest; where the record of the dispatch lies ({@link RECORD}); {@link scratchBytes} bytes of
 * memory that nobody else uses meanwhile.
 */
export interface CompiledKernel extends KernelFunction {
  /** Memory that workgroups use, at a multiple of 16. */
  readonly scratchBytes: number;
  /** Numbers of the bindings. */
  readonly bindings: readonly number[];
}

/**
 * Compiles a kernel, or takes it from `cache`.
 *
 * @param checked gives the text's tree, where it may be wanted again
 * @throws WgslError where the text is no WGSL, or uses what is not supported
 */
export function compileKernel(
  name: string,
  wgsl: string,
  options: CompileOptions,
  cache?: KernelCache,
  checked: () => ModuleTree = () => checkModule(wgsl),
): CompiledKernel {
  const make = () => writeKernel(name, lowerModule(checked(), options));
  return cache ? { ...cache(wgsl, options, make), name } : make();
}

/** What a kernel does, as a graph, not yet in an order. */
export interface LoweredKernel {
  readonly tree: ModuleTree;
  readonly context: Context;
  /** The address of scratch memory. */
  readonly scratch: Node;
  readonly scratchBytes: number;
}

/** @throws WgslError where the module uses what is not supported */
export function lowerModule(tree: ModuleTree, options: CompileOptions): LoweredKernel {
  if (tree.private.length > 0) {
    throw new WgslError('private variables of a module are not supported', { line: 1, column: 1 });
  }
  const root = new Region();
  const c = new Context(root, options, taintOf(tree));
  c.inlineCall = (callee, args) => inlineCall(c, callee, args);
  const parameter = (k: number): Node => c.graph.fresh('parameter', 'i32', [], k, root, false);
  const [first, end, record, scratch] = [0, 1, 2, 3].map(parameter);
  // Nothing writes a record while it is run: what it holds is loaded once, before all loops.
  const recordAt = memoryAddress(c, record);
  const recorded = (at: number): Node => c.graph.load('i32.load', recordAt, at, root, false);
  for (const v of tree.bindings) {
    const [place, bytes] = [recorded(RECORD.address(v.binding!)), recorded(RECORD.bytes(v.binding!))];
    const base =
      options.address === 64 ? { base: c.graph.i32(0), far: farOf(c.graph, place) } : { base: place };
    c.homes.set(v, { ...base, bytes, written: v.written });
  }
  const groups = RECORD.groups.map(recorded);
  const scratchBytes = overWorkgroups(c, tree, { first, end, groups, scratch });
  combineStores(c.graph, root);
  return { tree, context: c, scratch, scratchBytes };
}

/** Places what the graph computes, and writes its instructions. */
export function writeKernel(name: string, lowered: LoweredKernel): CompiledKernel {
  const { tree, context, scratch, scratchBytes } = lowered;
  const { root } = context.graph;
  const { code, locals } = emit(root, schedule(root), KERNEL_PARAMETERS, scratch, context.defined);
  const bindings = tree.bindings.map((v) => v.binding!);
  return { name, locals, code, scratchBytes, bindings };
}

/** What a kernel knows of its dispatch. */
interface DispatchNodes {
  readonly first: Node;
  readonly end: Node;
  /** Numbers of workgroups along x, y and z. */
  readonly groups: readonly Node[];
  readonly scratch: Node;
}

/** Gives the bytes of scratch memory that a workgroup needs. */
function overWorkgroups(
  c: Context,
  tree: ModuleTree,
  { first, end, groups, scratch }: DispatchNodes,
): number {
  const g = c.graph;
  const [nx, ny] = groups;
  const body = inlineBarriers(tree.entry.body);
  const lanes = tree.workgroupSize.reduce((n, s) => n * s);
  const kept = hasBarrier(body) ? keptIn(body, lanes) : undefined;
  const shared = placeShared(c, tree, scratch);
  const exit: Label = { used: false };
  const region = c.inner();
  c.within(region, region, () => {
    c.branch(exit, g.op('i32.ge_u', first, end));
    counted(c, first, end, (flat) => {
      const row = g.op('i32.div_u', flat, nx);
      const group = [g.op('i32.rem_u', flat, nx), g.op('i32.rem_u', row, ny), g.op('i32.div_u', row, ny)];
      clear(c, scratch, shared);
      const builtins = (lane: Node) => builtinsOf(c, tree, group, groups, lane);
      const back: Label = { used: false };
      const whole = c.inner();
      c.targets = { back: { label: back, cells: new Map(), result: [] } };
      const one = (lane: Node): void => {
        c.environment = builtins(lane);
        lowerBlock(c, body);
      };
      if (kept) {
        const state = g.op('i32.add', scratch, g.i32(shared));
        c.within(whole, c.floor, () => cooperate(c, body, { lanes, builtins, state }, kept));
        c.pending.delete(back);
        c.emit({ kind: 'block', label: back, body: whole });
      } else if (lanes === 1) labelled(c, () => one(g.i32(0)));
      else counted(c, g.i32(0), g.i32(lanes), (lane) => labelled(c, () => one(lane)));
      c.dead = false;
    });
  });
  c.emit({ kind: 'block', label: exit, body: region });
  return shared + (kept?.bytes ?? 0);
}

/** What an invocation runs; `return` leads behind it. */
function labelled(c: Context, make: () => void): void {
  const label: Label = { used: false };
  const region = c.inner();
  c.targets = { back: { label, cells: new Map(), result: [] } };
  c.within(region, c.floor, make);
  c.pending.delete(label);
  c.emit({ kind: 'block', label, body: region });
  c.dead = false;
}

/** Gives variables of workgroups their places; the bytes of all. */
function placeShared(c: Context, tree: ModuleTree, scratch: Node): number {
  let bytes = 0;
  for (const v of tree.workgroup) {
    c.homes.set(v, { base: c.graph.op('i32.add', scratch, c.graph.i32(bytes)), written: true });
    bytes += Math.ceil(sizeOf(v.type) / 16) * 16;
  }
  return bytes;
}

/** A workgroup begins with zeros in what it shares. */
function clear(c: Context, scratch: Node, bytes: number): void {
  const g = c.graph;
  if (bytes === 0) return;
  counted(c, g.i32(0), g.i32(bytes / 16), (k) => {
    const address = memoryAddress(c, g.op('i32.add', scratch, g.op('i32.shl', k, g.i32(4))));
    c.emit({ kind: 'store', op: 'v128.store', address, offset: 0, value: g.v128([0, 0, 0, 0]) });
  });
  c.changeMemory();
}

function builtinsOf(
  c: Context,
  tree: ModuleTree,
  group: readonly Node[],
  groups: readonly Node[],
  lane: Node,
): Environment {
  const g = c.graph;
  const [sx, sy] = tree.workgroupSize;
  const row = g.op('i32.div_u', lane, g.i32(sx));
  const local = [
    g.op('i32.rem_u', lane, g.i32(sx)),
    g.op('i32.rem_u', row, g.i32(sy)),
    g.op('i32.div_u', row, g.i32(sy)),
  ];
  const values: Readonly<Record<BuiltinValue, readonly Node[]>> = {
    workgroup_id: group,
    num_workgroups: groups,
    local_invocation_index: [lane],
    local_invocation_id: local,
    global_invocation_id: local.map((l, k) =>
      g.op('i32.add', g.op('i32.mul', group[k], g.i32(tree.workgroupSize[k])), l),
    ),
  };
  return new Map(tree.entry.parameters.map((p) => [p, values[p.builtin!]]));
}
