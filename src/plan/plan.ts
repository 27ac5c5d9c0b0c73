import type { Renderer } from '../../codegen/render.ts';
import type { Entries } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import { roundUp } from '../ir/packing.ts';
import type { Precision } from '../ir/storage.ts';
import type { Target } from '../ir/target.ts';
import { checkPrecision } from '../kernels/targets.ts';
import type { Dispatch, Program } from '../program/program.ts';
import { PROGRAM_FORMAT } from '../program/stored.ts';
import { beyondTarget, fixedBytes, overBudget, type Recomputation, recomputedIn } from './budget.ts';
import { checkForced, type ForcedKernels } from './candidates.ts';
import { EntryPlans } from './entry.ts';
import { KernelTable } from './kernel-table.ts';
import { draftKernel } from './kernels.ts';
import { needsOf, requirements } from './limits.ts';
import { locationOf } from './location.ts';
import { type EntryMemory, type EntryUnits, planMemory } from './memory.ts';
import { ofEntry } from './plan-error.ts';
import { type Access, replay, type TracedEntry } from './replay.ts';
import { chainOps } from './unit.ts';
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
  /** Bytes of device memory that the program may take ({@link Program.bytes}); left out: all that the target has. */
  readonly memory?: number;
}

/** Attempts to put entries together that fit by themselves. */
const MOST_ROUNDS = 4;

/** A program, and what of it is computed again to keep to a budget of memory. */
export interface Planned {
  readonly program: Program;
  /** Left out where nothing is. */
  readonly recomputation?: Recomputation;
}

interface Traced {
  readonly program: Program;
  readonly traces: readonly TracedEntry[];
}

/** As {@link planWithin}. */
export function planProgram(
  graphs: Entries,
  ops: OpTable,
  renderer: Renderer,
  options: PlanOptions,
): Program {
  return planWithin(graphs, ops, renderer, options).program;
}

/**
 * Turns graphs into kernels, one memory plan for all and the list of dispatches of each. Sources of the same kind and
 * name are the same memory. Within a budget of memory, of the options or of the
 * target, values are computed again as far as it asks for it.
 *
 * @throws PlanError where the limits do not suffice, or `memory-budget`; InputError `unknown-kernel`, `adapter-features`
 */
export function planWithin(graphs: Entries, ops: OpTable, renderer: Renderer, options: PlanOptions): Planned {
  const { traces, ...planned } = planTraced(graphs, ops, renderer, options);
  const problems = options.verify ? replay(planned.program, traces, ops) : [];
  if (problems.length > 0) throw new Error(`the plan is wrong: ${problems.slice(0, 5).join('; ')}`);
  return planned;
}

/** The same, with the values behind each dispatch's bindings, for {@link replay}. */
export function planTraced(
  graphs: Entries,
  ops: OpTable,
  renderer: Renderer,
  options: PlanOptions,
): Planned & Traced {
  checkPrecision(options.target, options.precision);
  checkForced(Object.values(graphs), options.target, options.kernels);
  const entries = Object.entries(graphs).map(([name, graph]) =>
    ofEntry(name, () => new EntryPlans(name, graph, ops, options)),
  );
  const whole = entries.map((entry) => entry.whole);
  const first = assemble(whole, renderer, options);
  const { program } = first;
  let least = program.bytes;
  const within = (memory: number): (Planned & Traced) | undefined => {
    // What entries need of others' outputs, and longer tables of uniforms, show when they are put together.
    for (let room = memory - fixedBytes(program), round = 0; room > 0 && round < MOST_ROUNDS; round++) {
      const fitted = entries.map((entry) => entry.within(room));
      const smaller = assemble(
        fitted.map(({ entry }) => entry),
        renderer,
        options,
      );
      const { bytes } = smaller.program;
      least = Math.min(least, bytes);
      if (bytes <= memory) {
        const changed = fitted.flatMap(({ entry, budget }, i) =>
          budget === undefined ? [] : [recomputedIn(entry, whole[i], budget, ops)],
        );
        return { ...smaller, recomputation: { bytes_before: program.bytes, bytes, entries: changed } };
      }
      if (fitted.some((entry) => entry.bytes > room)) return undefined;
      room -= bytes - memory;
    }
    return undefined;
  };
  const offers = offersOf(options.target);
  const most = Math.max(...offers);
  const budgets = options.memory === undefined ? offers : [Math.min(options.memory, most)];
  for (const memory of budgets) {
    const fitting = program.bytes <= memory ? first : within(memory);
    if (fitting) return fitting;
  }
  const [memory] = budgets.slice(-1);
  throw memory === most
    ? beyondTarget(program, options.target, memory, least)
    : overBudget(program, memory, least);
}

/** Bytes that programs may take on a target, what is preferred first. */
function offersOf({ memory = Number.POSITIVE_INFINITY, wide }: Target): readonly number[] {
  return wide && wide.missing === undefined ? [memory, wide.bytes] : [memory];
}

function assemble(entries: readonly EntryUnits[], renderer: Renderer, options: PlanOptions): Traced {
  const { limits } = options.target;
  const memory = planMemory(entries, limits);
  const table = new KernelTable(renderer);
  const traces: TracedEntry[] = [];
  const planned = entries.map((entry, i) => {
    const own = memory.entries[i];
    const { name, graph, groups } = entry;
    const made = ofEntry(name, () => dispatchesOf(entry, own, table, options.target));
    traces.push({ name, graph, groups, accesses: made.map(({ accesses }) => accesses) });
    const dispatches = made.map(({ dispatch }) => dispatch);
    const { peak, overflow } = own;
    const flag = overflow && { overflow: { buffer: overflow.buffer, offset: overflow.offset } };
    return [name, { dispatches, outputs: outputsOf(entry, own), peak, ...flag }] as const;
  });
  const needs = planned.map(([name, { dispatches }]) => ofEntry(name, () => needsOf(dispatches, limits)));
  const { kernels, uniformWords: uniforms } = table;
  const { buffers } = memory;
  const program: Program = {
    format: PROGRAM_FORMAT,
    model: options.model,
    batch: options.batch,
    target: options.target.name,
    buffers,
    bytes: buffers.reduce((n, { size }) => n + size, 4 * uniforms.length),
    kernels,
    uniforms,
    tensors: memory.tensors,
    entries: Object.fromEntries(planned),
    requires: requirements(needs, { buffers, kernels }, table.features),
  };
  return { program, traces };
}

function dispatchesOf(
  { graph, units, views }: EntryUnits,
  memory: EntryMemory,
  table: KernelTable,
  target: Target,
): { readonly dispatch: Dispatch; readonly accesses: readonly Access[] }[] {
  return units.flatMap((unit) =>
    unit.calls.map((call) => {
      const draft = draftKernel(graph, unit, call, memory, views, target);
      const chain = chainOps(unit);
      const name = [...(call.template === 'elementwise' ? [] : [unit.label]), ...chain].join(' + ');
      const dispatch = {
        kernel: table.kernel(draft),
        bindings: draft.locations.map((l) => [l.buffer, l.offset, roundUp(l.size, 4)] as const),
        uniforms: table.uniforms(draft),
        workgroups: foldWorkgroups(call.workgroups, target.limits, unit.label),
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
