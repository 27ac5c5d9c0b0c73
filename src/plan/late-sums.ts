import { elementCount, type Graph, type Value, type ValueId } from '../ir/graph.ts';
import type { KernelCall, PartialSums } from '../ir/kernel.ts';
import { packed } from '../ir/packing.ts';
import { bytesOf } from '../ir/storage.ts';
import type { Target } from '../ir/target.ts';
import type { Group } from './memory.ts';
import { hostOf, loadedValues, type Unit } from './unit.ts';
import type { Pack, Views } from './views.ts';

/** Partial sums that wait at once; a large network adds up several times instead of keeping all of them. */
const MOST_WAITING = 16 * 2 ** 20;
/** Sums of one kernel: its table is a uniform, of which 64 KiB may be bound. */
const MOST_PIECES = 1024;

export interface LateSums {
  readonly units: readonly Unit[];
  readonly groups: readonly Group[];
}

/** A call that can wait, and the pack that all its sums are parts of. */
interface Waiting {
  readonly unit: number;
  readonly call: KernelCall;
  readonly pack: Pack;
}

/**
 * Puts off the second passes of split sums whose results are only packed (gradients of weights) and adds up many of
 * them in one dispatch: their partial sums lie in one group of values, their results in one pack.
 */
export function addLate(graph: Graph, units: readonly Unit[], views: Views, target: Target): LateSums {
  const waiting = waitingCalls(graph, units, views);
  const put: Waiting[][] = [];
  const bytes = (w: Waiting) => w.call.adds!.reduce((n, { from }) => n + bytesOf(from), 0);
  for (const pack of views.packs) {
    let waitingBytes = Number.POSITIVE_INFINITY;
    let pieces = 0;
    for (const w of waiting.filter((other) => other.pack === pack)) {
      waitingBytes += bytes(w);
      pieces += w.call.adds!.length;
      if (waitingBytes > MOST_WAITING || pieces > MOST_PIECES) {
        put.push([]);
        waitingBytes = bytes(w);
        pieces = w.call.adds!.length;
      }
      put.at(-1)!.push(w);
    }
  }
  const groups: Group[] = [];
  const later = new Map<number, Unit[]>();
  const gone = new Set<KernelCall>();
  const scratchIds = units.flatMap((u) => u.scratch.map((v) => v.id as number));
  let nextId = scratchIds.reduce((n, id) => Math.max(n, id + 1), graph.values.length);
  // One sum alone is no fewer dispatches.
  for (const together of put.filter((list) => list.length > 1)) {
    const adds = together.flatMap((w) => w.call.adds!);
    const parts = [...new Map(adds.map(({ from }) => [from.id, from])).values()];
    const { starts, length } = packed(parts.map((v) => elementCount(v.shape)));
    const whole: Value = { id: nextId++ as ValueId, shape: [length], dtype: 'f32' };
    groups.push({ whole, parts });
    for (const w of together) gone.add(w.call);
    const offsets = new Map(parts.map((v, k) => [v.id, starts[k]]));
    const call = sumPieces(graph, adds, whole, offsets, together[0].pack, views, target);
    const last = together.at(-1)!.unit;
    later.set(last, [...(later.get(last) ?? []), unitOf(call, units[last])]);
  }
  return { groups, units: units.flatMap((unit, i) => [without(unit, gone), ...(later.get(i) ?? [])]) };
}

/** Calls whose sums nothing reads but as parts of a pack that is computed here, in order. */
function waitingCalls(graph: Graph, units: readonly Unit[], views: Views): Waiting[] {
  const sources = new Set(graph.sources.map((s) => s.value));
  const packOf = new Map<ValueId, Pack>();
  for (const pack of views.packs) {
    if (pack.parts.some((v) => sources.has(v))) continue;
    for (const v of pack.parts) packOf.set(v, pack);
  }
  const read = new Set([
    ...units.flatMap(loadedValues).map(views.root),
    ...[...graph.outputs, ...graph.updates].map((o) => views.root(o.value)),
  ]);
  const packRead = new Map<ValueId, number>();
  units.forEach((unit, i) => {
    for (const v of loadedValues(unit).map(views.root)) if (!packRead.has(v)) packRead.set(v, i);
  });
  return units.flatMap((unit, i) =>
    unit.calls.flatMap((call): Waiting[] => {
      if (!call.adds || (call === hostOf(unit) && unit.chain.length + unit.branches.length > 0)) return [];
      const roots = call.adds.map(({ to }) => views.root(to.id));
      const pack = packOf.get(roots[0]);
      const fits = pack && roots.every((v) => packOf.get(v) === pack && !read.has(v));
      const first = pack && packRead.get(views.root(pack.value));
      return fits && (first === undefined || first > i) ? [{ unit: i, call, pack }] : [];
    }),
  );
}

function sumPieces(
  graph: Graph,
  adds: readonly PartialSums[],
  whole: Value,
  offsets: ReadonlyMap<ValueId, number>,
  pack: Pack,
  views: Views,
  { measured: { workgroup } }: Target,
): KernelCall {
  const { starts } = packed(pack.parts.map((v) => elementCount(graph.values[v].shape)));
  const startOf = new Map(pack.parts.map((v, k) => [v, starts[k]]));
  let groups = 0;
  const table = adds.flatMap(({ from, to, parts, partStride, first, stride }) => {
    const count = elementCount(to.shape);
    const at = groups;
    groups += Math.ceil(count / workgroup);
    return [
      ...[at, startOf.get(views.root(to.id))! + views.offset(to.id), count, parts],
      ...[offsets.get(from.id)! + first, partStride, stride, 0],
    ];
  });
  return {
    template: 'sum_pieces',
    options: { workgroup },
    uniforms: [['pieces', 'u32', adds.length]],
    table,
    reads: [{ name: 'x', value: whole }],
    writes: [{ name: 'y', value: graph.values[views.root(pack.value)], only: adds.map(({ to }) => to) }],
    workgroups: groups,
  };
}

/** A unit of one call beside those of nodes. */
function unitOf(call: KernelCall, like: Unit): Unit {
  return {
    ...like,
    label: call.template,
    scope: '',
    calls: [call],
    head: undefined,
    chain: [],
    branches: [],
    scratch: [],
    prologues: new Map(),
  };
}

function without(unit: Unit, gone: ReadonlySet<KernelCall>): Unit {
  const calls = unit.calls.filter((call) => !gone.has(call));
  if (calls.length === unit.calls.length) return unit;
  // Where that call goes nothing was fused behind it.
  return { ...unit, calls, head: calls.includes(hostOf(unit)) ? unit.head : undefined };
}
