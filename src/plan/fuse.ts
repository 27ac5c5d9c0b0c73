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
import type { OpTable } from '../ir/op.ts';
import { mergeRuns } from '../ir/runs.ts';
import type { Target } from '../ir/target.ts';
import type { ForcedKernels } from './candidates.ts';
import { chooseKernels, kernelNode } from './candidates.ts';
import { type BroadcastTerm, type ChainArg, type ChainStep, computedValues, type Unit } from './unit.ts';
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
  let nextId = graph.values.length;

  for (const node of graph.nodes) {
    const op = ops.get(node.op);
    if (op?.kind !== 'primitive') throw new Error(`${node.op} is not a primitive op`);
    const { lowering } = op;
    if (lowering.kind === 'view') {
      const from = node.inputs.map((v) => definedIn.get(v) ?? -1);
      definedIn.set(node.outputs[0], Math.max(...from));
      continue;
    }
    if (lowering.kind === 'elementwise') {
      const out = node.outputs[0];
      const host = apart.has(out) ? undefined : findHost(graph, units, definedIn, views, target.limits, node);
      if (host !== undefined) {
        units[host].chain.push(chainStep(graph, node, lowering, views, units[host]));
        definedIn.set(out, host);
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
    const last = calls.at(-1);
    const head = last?.writes.find((w) => w.name === last.fusable)?.value.id;
    const index = units.push({ ...bareUnit(node), calls, head, scratch }) - 1;
    for (const v of node.outputs) definedIn.set(v, index);
  }
  return units;
}

function bareUnit(node: Node): Omit<Unit, 'calls'> {
  return { label: node.op, scope: node.scope, head: undefined, chain: [], scratch: [] };
}

function elementwiseCall({ measured: { workgroup, perThread } }: Target, out: Value): KernelCall {
  const count = elementCount(out.shape);
  return {
    template: 'elementwise',
    options: { workgroup, per_thread: perThread },
    uniforms: [['count', 'u32', count]],
    reads: [],
    writes: [],
    workgroups: [Math.ceil(count / (workgroup * perThread)), 1, 1],
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
): number | undefined {
  const shape = graph.values[node.outputs[0]].shape;
  const candidates = node.inputs.map((v) => definedIn.get(v) ?? -1);
  const host = Math.max(...candidates);
  if (host < 0) return undefined;
  const unit = units[host];
  const computed = computedValues(unit);
  const isComputed = (v: ValueId) =>
    computed.includes(views.same(v)) && sameSize(graph.values[v].shape, shape);
  if (!node.inputs.some(isComputed)) return undefined;
  // What the host itself computes cannot be loaded inside it (a broadcast or another output of its kernel).
  if (node.inputs.some((v) => (definedIn.get(v) ?? -1) === host && !isComputed(v))) return undefined;
  const last = unit.calls.at(-1)!;
  const bound = new Set([
    ...last.reads.map((r) => r.value.id),
    ...last.writes.map((w) => w.value.id),
    ...computed,
    ...unit.chain.flatMap((s) => s.args.map((a) => a.value)),
    ...node.inputs,
    ...node.outputs,
  ]);
  return bound.size <= limits.maxStorageBuffersPerShaderStage ? host : undefined;
}

const sameSize = (a: Shape, b: Shape) => elementCount(a) === elementCount(b);

function chainStep(
  graph: Graph,
  node: Node,
  lowering: ElementwiseLowering,
  views: Views,
  host: Unit | undefined,
): ChainStep {
  const out = node.outputs[0];
  const shape = graph.values[out].shape;
  const computed = host ? computedValues(host) : [];
  return {
    value: out,
    op: node.op,
    helpers: lowering.helpers ?? [],
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
