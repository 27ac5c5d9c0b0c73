import { elementCount, type Graph, type ValueId } from '../ir/graph.ts';
import type { Target } from '../ir/target.ts';
import { boundPlaces } from './bound.ts';
import { chainLoads, computedValues, loadedValues, type Unit } from './unit.ts';
import type { Views } from './views.ts';

/** A place where a unit reads a value from memory. */
interface Reader {
  readonly at: number;
  readonly value: ValueId;
  /** How often the unit loads each element, at most. */
  readonly loads: number;
}

const LOADS = { once: 1, few: 3 } as const;

/**
 * Leaves out units whose one result is computed again by what loads it, where that costs less than a dispatch and
 * the memory between: an element-wise chain before a reduction, a permutation before what reads each element once.
 *
 * @returns the units that remain; `prologues` of a reader holds those that it computes
 */
export function foldPrologues(graph: Graph, units: readonly Unit[], views: Views, target: Target): Unit[] {
  const readers = readersOf(units, views);
  const kept = keptValues(graph, views);
  /** Sources whose memory is written before the graph ends. */
  const changing = new Set(graph.updates.flatMap((u) => u.sources.map(views.root)));
  const folded = new Set<Unit>();

  units.forEach((unit, at) => {
    const value = onlyResult(unit, (v) => readers.has(views.root(v)) || kept.has(views.root(v)));
    if (value === undefined || views.root(value) !== value || kept.has(value)) return;
    const users = readers.get(value)!;
    const count = elementCount(graph.values[value].shape);
    if (users.some((r) => elementCount(graph.values[r.value].shape) !== count)) return;
    const times = users.reduce((n, r) => n + r.loads, 0);
    if (!isCheap(unit, count, times, target)) return;
    const sources = loadedValues(unit).map(views.root);
    const last = Math.max(...users.map((r) => r.at));
    if (sources.some((v) => changing.has(v) || isWritten(v, units.slice(at + 1, last + 1), views))) return;
    const hosts = new Set(users.map((r) => units[r.at]));
    const entries = users.map((r) => [units[r.at], r.value] as const);
    for (const [host, v] of entries) host.prologues.set(v, unit);
    const stored = (v: ValueId) => readers.has(views.root(v)) || kept.has(views.root(v));
    const fits = [...hosts].every((host) =>
      host.calls.every(
        (call) =>
          boundPlaces(host, call, views, stored).size <= target.limits.maxStorageBuffersPerShaderStage,
      ),
    );
    if (!fits) {
      for (const [host, v] of entries) host.prologues.delete(v);
      return;
    }
    for (const host of hosts) host.label = `${nameOf(unit)} → ${host.label}`;
    folded.add(unit);
  });
  return units.filter((unit) => !folded.has(unit));
}

/** Values, by their roots, that need memory whatever reads them. */
export function keptValues(graph: Graph, views: Views): Set<ValueId> {
  const kept = [...graph.outputs, ...graph.updates].map(({ value }) => value);
  return new Set([...kept, ...views.packs.flatMap((p) => [p.value, ...p.parts])].map(views.root));
}

/** The one value that a unit computes for others, if an element of it can be computed alone. */
function onlyResult(unit: Unit, isNeeded: (v: ValueId) => boolean): ValueId | undefined {
  const [call, ...more] = unit.calls;
  if (more.length > 0 || unit.scratch.length > 0 || call.writes.length > 1 || unit.branches.length > 0)
    return undefined;
  if (call.template !== 'elementwise' && !(call.element && unit.head !== undefined)) return undefined;
  const computed = computedValues(unit);
  const needed = computed.filter(isNeeded);
  return needed.length === 1 && needed[0] === computed.at(-1) ? needed[0] : undefined;
}

function readersOf(units: readonly Unit[], views: Views): Map<ValueId, Reader[]> {
  const readers = new Map<ValueId, Reader[]>();
  units.forEach((unit, at) => {
    const add = (value: ValueId, loads: number) => {
      const root = views.root(value);
      const known = readers.get(root);
      if (known) known.push({ at, value, loads });
      else readers.set(root, [{ at, value, loads }]);
    };
    for (const call of unit.calls) {
      for (const r of call.reads) add(r.value.id, r.loads ? LOADS[r.loads] : Number.POSITIVE_INFINITY);
      for (const w of call.writes) if (w.readWrite) add(w.value.id, Number.POSITIVE_INFINITY);
    }
    const seen = new Set<ValueId>();
    for (const arg of chainLoads(unit)) {
      if (seen.has(arg.value) && !arg.terms) continue;
      seen.add(arg.value);
      add(arg.value, arg.terms ? Number.POSITIVE_INFINITY : 1);
    }
  });
  return readers;
}

function isWritten(root: ValueId, units: readonly Unit[], views: Views): boolean {
  return units.some(
    (unit) =>
      unit.calls.some((call) => call.writes.some((w) => views.root(w.value.id) === root)) ||
      computedValues(unit).some((v) => views.root(v) === root),
  );
}

/**
 * Whether computing each of `count` elements `times` times, where it is loaded, takes no longer than a dispatch that
 * computes and stores it once. Counted in loads; a division of whole numbers takes about as long.
 */
function isCheap(unit: Unit, count: number, times: number, target: Target): boolean {
  const index = unit.calls[0].element;
  const arithmetic = work(unit);
  const here = times * (arithmetic + (index?.divisions ?? 0));
  const apart = arithmetic + (index?.divisionsApart ?? 0) + 1 + times;
  return count * (here - apart) <= target.measured.dispatch;
}

/** Loads, divisions and steps of one element, those of its own prologues included. */
function work(unit: Unit): number {
  const chain = unit.chain.reduce((sum, step) => {
    const args = [...step.args, ...step.constants].map((_, k) => `x${k}`);
    const isCall = /\w\(/.test(step.expression(args));
    const loads = step.args.reduce(
      (n, arg) => n + (arg.kind === 'loaded' ? 1 + 2 * (arg.terms?.length ?? 0) : 0),
      0,
    );
    return sum + loads + (isCall ? 4 : 1);
  }, 0);
  const own = (unit.calls[0].element?.loads ?? 0) + chain;
  return [...unit.prologues.values()].reduce(
    (sum, inner) => sum + work(inner) + (inner.calls[0].element?.divisions ?? 0),
    own,
  );
}

function nameOf(unit: Unit): string {
  const chain = unit.chain.map((s) => s.op);
  return [...(unit.calls[0].template === 'elementwise' ? [] : [unit.label]), ...chain].join(' + ');
}
