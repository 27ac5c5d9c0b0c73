import type { Renderer } from '../../codegen/render.ts';
import type { Entries, Graph } from '../ir/graph.ts';
import type { DeviceLimits } from '../ir/kernel.ts';
import type { OpTable } from '../ir/op.ts';
import { roundUp } from '../ir/packing.ts';
import type { Precision } from '../ir/storage.ts';
import type { Target } from '../ir/target.ts';
import { checkPrecision } from '../kernels/targets.ts';
import { requireSound, runPasses } from '../passes/index.ts';
import type { Dispatch, Program } from '../program/program.ts';
import { checkForced, type ForcedKernels } from './candidates.ts';
import { planUnits } from './fuse.ts';
import { KernelTable } from './kernel-table.ts';
import { draftKernel } from './kernels.ts';
import { addLate } from './late-sums.ts';
import { needsOf, requirements } from './limits.ts';
import { locationOf } from './location.ts';
import { type EntryMemory, type EntryUnits, planMemory } from './memory.ts';
import { ofEntry } from './plan-error.ts';
import { type Access, replay, type TracedEntry } from './replay.ts';
import { chainOps } from './unit.ts';
import { placeUpdates } from './updates.ts';
import { findViews } from './views.ts';
import { foldWorkgroups } from './workgroups.ts';

export interface PlanOptions {
  readonly model: string;
  readonly batch: number;
  readonly target: Target;
  /** Variants that are taken whatever they cost, by op. */
  readonly kernels?: ForcedKernels;
  /** How memory keeps what is computed, where it may; by default f32. */
  readonly precision?: Precision;
  /** Checks the graphs after each pass, and what dispatches find in memory. */
  readonly verify?: boolean;
}

/**
 * Turns graphs into kernels, one memory plan for all and the list of dispatches of each. Sources of the same kind and
 * name are the same memory.
 *
 * @throws PlanError where the limits do not suffice; InputError `unknown-kernel`, `adapter-features`
 */
export function planProgram(
  graphs: Entries,
  ops: OpTable,
  renderer: Renderer,
  options: PlanOptions,
): Program {
  const { program, traces } = planTraced(graphs, ops, renderer, options);
  const problems = options.verify ? replay(program, traces, ops) : [];
  if (problems.length > 0) throw new Error(`the plan is wrong: ${problems.slice(0, 5).join('; ')}`);
  return program;
}

/** The same, with the values behind each dispatch's bindings, for {@link replay}. */
export function planTraced(
  graphs: Entries,
  ops: OpTable,
  renderer: Renderer,
  options: PlanOptions,
): { readonly program: Program; readonly traces: readonly TracedEntry[] } {
  const { limits } = options.target;
  checkPrecision(options.target, options.precision);
  checkForced(Object.values(graphs), options.target, options.kernels);
  const entries = Object.entries(graphs).map(([name, graph]) =>
    ofEntry(name, () => planEntry(name, graph, ops, options)),
  );
  const memory = planMemory(entries, limits);
  const table = new KernelTable(renderer);
  const traces: TracedEntry[] = [];
  const planned = entries.map((entry, i) => {
    const own = memory.entries[i];
    const { name, graph, groups } = entry;
    const made = ofEntry(name, () => dispatchesOf(entry, own, table, limits));
    traces.push({ name, graph, groups, accesses: made.map(({ accesses }) => accesses) });
    const dispatches = made.map(({ dispatch }) => dispatch);
    const { peak, overflow } = own;
    const flag = overflow && { overflow: { buffer: overflow.buffer, offset: overflow.offset } };
    return [name, { dispatches, outputs: outputsOf(entry, own), peak, ...flag }] as const;
  });
  const needs = planned.map(([name, { dispatches }]) => ofEntry(name, () => needsOf(dispatches, limits)));
  const uniforms = table.uniformWords;
  const program: Program = {
    format: 2,
    model: options.model,
    batch: options.batch,
    target: options.target.name,
    buffers: memory.buffers,
    bytes: memory.buffers.reduce((n, { size }) => n + size, 4 * uniforms.length),
    kernels: table.kernels,
    uniforms,
    tensors: memory.tensors,
    entries: Object.fromEntries(planned),
    requires: requirements(needs, memory.buffers, limits, table.features),
  };
  return { program, traces };
}

function planEntry(name: string, whole: Graph, ops: OpTable, options: PlanOptions): EntryUnits {
  const { target, kernels, precision } = options;
  const { graph, into, apart } = placeUpdates(runPasses(whole, { ops, target, precision }, options), ops);
  if (options.verify) requireSound(graph, ops, 'where updates have their places', { placed: true });
  const views = findViews(graph, ops);
  const units = planUnits(graph, ops, views, target, kernels, apart);
  return { name, graph, views, into, ...addLate(graph, units, views, target) };
}

function dispatchesOf(
  { graph, units, views }: EntryUnits,
  memory: EntryMemory,
  table: KernelTable,
  limits: DeviceLimits,
): { readonly dispatch: Dispatch; readonly accesses: readonly Access[] }[] {
  return units.flatMap((unit) =>
    unit.calls.map((call) => {
      const draft = draftKernel(graph, unit, call, memory, views);
      const chain = chainOps(unit);
      const name = [...(call.template === 'elementwise' ? [] : [unit.label]), ...chain].join(' + ');
      const dispatch = {
        kernel: table.kernel(draft),
        bindings: draft.locations.map((l) => [l.buffer, l.offset, roundUp(l.size, 4)] as const),
        uniforms: table.uniforms(draft),
        workgroups: foldWorkgroups(call.workgroups, limits, unit.label),
        label: unit.scope ? `${unit.scope}: ${name}` : name,
      };
      return { dispatch, accesses: draft.accesses };
    }),
  );
}

function outputsOf({ graph, views }: EntryUnits, { locations }: EntryMemory) {
  return graph.outputs.map(({ name, value }) => {
    const { shape, dtype } = graph.values[value];
    const { buffer, offset } = locationOf(value, graph, views, locations)!;
    return { name, dtype, shape, buffer, offset };
  });
}
