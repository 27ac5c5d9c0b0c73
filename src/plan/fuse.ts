import {
  elementCount,
  type Graph,
  type Node,
  type Shape,
  stridesOf,
  type Value,
  type ValueId,
} from '../ir/graph.ts';
import type { ElementwiseLowering, KernelCall } from '../ir/kernel.ts';
import { type OpTable, primitiveOp } from '../ir/op.ts';
import { mergeRuns } from '../ir/runs.ts';
import type { Target } from '../ir/target.ts';
import { boundPlaces } from './bound.ts';
import type { ForcedKernels } from './candidates.ts';
import { chooseKernels, kernelNode } from './candidates.ts';
import { foldPrologues, keptValues } from './prologues.ts';
import {
  type BroadcastTerm,
  type Chain,
  type ChainArg,
  type ChainStep,
  chainsOf,
  computedValues,
  hostOf,
  ownValues,
  type Unit,
} from './unit.ts';
import type { Views } from './views.ts';

/**
 * Turns nodes into units, in order. An element-wise op joins the unit that computes one of its operands at full
 * shape, provided that its other operands exist by then and the kernel's bindings suffice.
 *
 * @param apart values that get a unit of their own
 */
export function planUnits(
  graph: Graph,
  ops: OpTable,
  views: Views,
  target: Target,
  forced?: ForcedKernels,
  apart: ReadonlySet<ValueId> = new Set(),
): Unit[] {
  const choose = chooseKernels(graph, ops, target, forced);
  const units: Unit[] = [];
  /** Unit that computes a value; sources have none. */
  const definedIn = new Map<ValueId, number>();
  /** First unit that may compute what reads a value, where it is not any (`again`). */
  const earliest = new Map<ValueId, number>();
  const isView = (node: Node) => {
    const op = ops.get(node.op);
    return op?.kind === 'primitive' && op.lowering.kind === 'view';
  };
  const readers = new NodeReaders(graph, views, isView);
  let nextId = graph.values.length;

  for (const node of graph.nodes) {
    const { lowering } = primitiveOp(ops, node.op);
    if (lowering.kind === 'view') {
      const from = node.inputs.map((v) => definedIn.get(v) ?? -1);
      definedIn.set(node.outputs[0], Math.max(...from));
      const since = lowering.late ? units.length : earliestOf(node, earliest);
      if (since > 0) earliest.set(node.outputs[0], since);
      continue;
    }
    if (lowering.kind === 'elementwise') {
      const out = node.outputs[0];
      const host = apart.has(out)
        ? undefined
        : findHost(graph, units, definedIn, views, target.limits, node, lowering, readers);
      if (host !== undefined && host.at >= earliestOf(node, earliest)) {
        host.chain.chain.push(chainStep(graph, node, lowering, views, host.chain));
        definedIn.set(out, host.at);
      } else {
        const unit: Unit = { ...bareUnit(node), calls: [elementwiseCall(target, graph.values[out])] };
        unit.chain.push(chainStep(graph, node, lowering, views, undefined));
        definedIn.set(out, units.push(unit) - 1);
      }
      continue;
    }
    const scratch: Value[] = [];
    const calls = choose(node).calls({
      ...kernelNode(graph, node),
      target,
      scratch: (shape, dtype = 'f32') => {
        const value = { id: nextId++ as ValueId, shape, dtype };
        scratch.push(value);
        return value;
      },
    });
    for (const own of areApart(calls, scratch) ? calls.map((call) => [call]) : [calls]) {
      const moved =
        own.length === 1 && own[0].scatter && !node.inputs.some((v) => earliest.has(v))
          ? branchOff(units, definedIn, views, target, node, own[0], readers)
          : undefined;
      if (moved !== undefined) {
        definedIn.set(own[0].writes[0].value.id, moved);
        continue;
      }
      const host = hostOf({ calls: own });
      const head = host.writes.find((w) => w.name === host.fusable)?.value.id;
      const index = units.push({ ...bareUnit(node), calls: own, head, scratch }) - 1;
      for (const w of own.flatMap((call) => call.writes)) definedIn.set(w.value.id, index);
    }
    for (const v of node.outputs) if (!definedIn.has(v)) definedIn.set(v, units.length - 1);
  }
  return foldPrologues(graph, units, views, target);
}

/** First unit that may compute a node. */
function earliestOf(node: Node, earliest: ReadonlyMap<ValueId, number>): number {
  return Math.max(0, ...node.inputs.map((v) => earliest.get(v) ?? 0));
}

/** Whether each call computes other outputs, of the node's operands alone (`split`). */
function areApart(calls: readonly KernelCall[], scratch: readonly Value[]): boolean {
  const written = calls.flatMap((call) => call.writes.map((w) => w.value.id));
  return (
    scratch.length === 0 && calls.every((call) => call.fusable) && new Set(written).size === written.length
  );
}

function bareUnit(node: Node): Omit<Unit, 'calls'> {
  return {
    label: node.op,
    scope: node.scope,
    head: undefined,
    chain: [],
    branches: [],
    scratch: [],
    prologues: new Map(),
  };
}

function elementwiseCall({ measured: { workgroup, perThread } }: Target, out: Value): KernelCall {
  const count = elementCount(out.shape);
  return {
    template: 'elementwise',
    options: { workgroup, per_thread: perThread },
    uniforms: [['count', 'u32', count]],
    reads: [],
    writes: [],
    workgroups: Math.ceil(count / (workgroup * perThread)),
    fusable: 'y',
  };
}

function findHost(
  graph: Graph,
  units: readonly Unit[],
  definedIn: ReadonlyMap<ValueId, number>,
  views: Views,
  limits: Target['limits'],
  node: Node,
  lowering: ElementwiseLowering,
  readers: NodeReaders,
): Host | undefined {
  const shape = graph.values[node.outputs[0]].shape;
  const candidates = node.inputs.map((v) => definedIn.get(v) ?? -1);
  const at = Math.max(...candidates);
  if (at < 0) return undefined;
  const unit = units[at];
  const chain = chainsOf(unit).find((c) => node.inputs.some((v) => ownValues(c).includes(views.same(v))));
  if (!chain) return undefined;
  const computed = ownValues(chain);
  const isComputed = (v: ValueId) =>
    computed.includes(views.same(v)) && sameSize(graph.values[v].shape, shape);
  if (!node.inputs.some(isComputed)) return undefined;
  // What the host itself computes cannot be loaded inside it (a broadcast or another output of its kernel).
  if (node.inputs.some((v) => (definedIn.get(v) ?? -1) === at && !isComputed(v))) return undefined;
  const host = { at, unit, chain };
  chain.chain.push(chainStep(graph, node, lowering, views, chain));
  const fits = isBindable(unit, views, limits, readers);
  chain.chain.pop();
  return fits ? host : undefined;
}

/** Where a node joins a unit. */
interface Host {
  readonly at: number;
  readonly unit: Unit;
  readonly chain: Chain;
}

function isBindable(unit: Unit, views: Views, limits: Target['limits'], readers: NodeReaders): boolean {
  const inside = new Set(computedValues(unit));
  const isStored = (v: ValueId) => readers.isRead(v, (by) => by.outputs.every((out) => inside.has(out)));
  return boundPlaces(unit, hostOf(unit), views, isStored).size <= limits.maxStorageBuffersPerShaderStage;
}

/**
 * The unit that computes what a call only moves, if it can store it where it goes: what is stored twice costs less
 * than a dispatch that reads it and stores it again.
 */
function branchOff(
  units: readonly Unit[],
  definedIn: ReadonlyMap<ValueId, number>,
  views: Views,
  target: Target,
  node: Node,
  { reads: [{ value: x }], writes: [{ value: y }], scatter }: KernelCall,
  readers: NodeReaders,
): number | undefined {
  const at = definedIn.get(x.id) ?? -1;
  if (at < 0 || !scatter) return undefined;
  const unit = units[at];
  const from = views.same(x.id);
  const chain = chainsOf(unit).find((c) => ownValues(c).includes(from));
  // A call that itself only moves is better computed by its readers: its template stores at many places.
  if (!chain || hostOf(unit).element) return undefined;
  // The dispatch would load the value, which then would be stored.
  const extra = scatter.divisions - scatter.divisionsApart - 2;
  if (elementCount(x.shape) * extra > target.measured.dispatch) return undefined;
  chain.branches.push({ op: node.op, head: y.id, from, scatter, chain: [], branches: [] });
  if (isBindable(unit, views, target.limits, readers)) return at;
  chain.branches.pop();
  return undefined;
}

/** The nodes that read each value, views of it included. */
class NodeReaders {
  private readonly views: Views;
  private readonly nodes = new Map<ValueId, Node[]>();
  private readonly kept: ReadonlySet<ValueId>;

  constructor(graph: Graph, views: Views, isView: (node: Node) => boolean) {
    this.views = views;
    for (const node of graph.nodes) {
      if (isView(node)) continue;
      for (const root of new Set(node.inputs.map(views.root))) {
        const known = this.nodes.get(root);
        if (known) known.push(node);
        else this.nodes.set(root, [node]);
      }
    }
    this.kept = keptValues(graph, views);
  }

  /** Whether a value is needed by anything but nodes of a kind; also by those that are not planned yet. */
  isRead(v: ValueId, except: (node: Node) => boolean): boolean {
    const root = this.views.root(v);
    return this.kept.has(root) || (this.nodes.get(root) ?? []).some((node) => !except(node));
  }
}

const sameSize = (a: Shape, b: Shape) => elementCount(a) === elementCount(b);

function chainStep(
  graph: Graph,
  node: Node,
  lowering: ElementwiseLowering,
  views: Views,
  host: Chain | undefined,
): ChainStep {
  const out = node.outputs[0];
  const shape = graph.values[out].shape;
  const computed = host ? ownValues(host) : [];
  return {
    value: out,
    op: node.op,
    helpers: lowering.helpers ?? [],
    constants: lowering.constants?.(node.attrs) ?? [],
    expression: (args) => lowering.expression(args, node.attrs),
    args: node.inputs.map((v): ChainArg => {
      const same = views.same(v);
      const from = graph.values[v].shape;
      if (computed.includes(same) && sameSize(from, shape)) return { kind: 'computed', value: same };
      return { kind: 'loaded', value: v, terms: broadcastTerms(from, shape) };
    }),
  };
}

/** How a flat index of `out` maps to one of an operand that broadcasts to it; neighbouring axes are merged. */
export function broadcastTerms(from: Shape, out: Shape): BroadcastTerm[] | undefined {
  if (sameSize(from, out)) return undefined;
  const outStrides = stridesOf(out);
  const fromStrides = stridesOf(from);
  const lead = out.length - from.length;
  const axes = from.map((size, a) => ({ size, strides: [outStrides[a + lead], fromStrides[a]] }));
  return mergeRuns(axes).map(({ size, strides: [divisor, stride] }) => ({ divisor, modulus: size, stride }));
}
