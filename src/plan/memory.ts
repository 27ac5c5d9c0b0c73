import { elementCount, type Graph, type Value, type ValueId } from '../ir/graph.ts';
import type { DeviceLimits } from '../ir/kernel.ts';
import { OFFSET_ALIGNMENT, packed, roundUp } from '../ir/packing.ts';
import { bytesOf, bytesPerElement } from '../ir/storage.ts';
import type { BufferInfo, SourceInfo } from '../program/program.ts';
import { type Lifetime, layOut } from './arena.ts';
import { Buffers } from './buffers.ts';
import { checkFits } from './limits.ts';
import type { Location } from './location.ts';
import { ofEntry } from './plan-error.ts';
import { placeSources } from './sources.ts';
import { computedValues, loadedValues, type Unit } from './unit.ts';
import type { Views } from './views.ts';

/** Values that one kernel reads as one: they lie one after the other, as `packed` says, for as long as any is needed. */
export interface Group {
  readonly whole: Value;
  readonly parts: readonly Value[];
}

/** An entry before its values have their places. */
export interface EntryUnits {
  readonly name: string;
  readonly graph: Graph;
  readonly views: Views;
  readonly units: readonly Unit[];
  readonly groups: readonly Group[];
  /** See `placeUpdates`. */
  readonly into: ReadonlyMap<ValueId, readonly ValueId[]>;
}

export interface EntryMemory {
  /** By root value (see {@link Views}); scratch and packs included. */
  readonly locations: ReadonlyMap<ValueId, Location>;
  /** A word that is set where a value is beyond half precision; there if some value is kept so. */
  readonly overflow: Location | undefined;
  /** Values that fused kernels must store, because something outside their unit reads them. */
  readonly stored: ReadonlySet<ValueId>;
  /** The most bytes of values that are alive at once. */
  readonly peak: number;
}

export interface MemoryPlan {
  readonly buffers: readonly BufferInfo[];
  readonly tensors: readonly SourceInfo[];
  /** In the order of the entries. */
  readonly entries: readonly EntryMemory[];
}

/**
 * Gives every value its memory before anything runs. Sources and packed values have their place for good; all others
 * share a few large buffers, where two values may lie at the same place if they are never alive at the same time.
 */
export function planMemory(entries: readonly EntryUnits[], limits: DeviceLimits): MemoryPlan {
  const buffers = new Buffers(limits.maxBufferSize);
  const sources = placeSources(entries, buffers, limits);
  const placed = entries.map((entry) => {
    const locations = new Map<ValueId, Location>();
    const put = (v: ValueId, location: Location) => {
      if (locations.has(v)) throw new Error(`value ${v} is packed twice (entry ${entry.name})`);
      locations.set(v, location);
    };
    const { graph, views, into } = entry;
    for (const s of graph.sources) {
      const location = sources.locate(graph, s.value);
      if (location) locations.set(s.value, location);
    }
    for (const pack of views.packs) {
      const root = views.root(pack.value);
      // Its parts are sources that lie like this already, or are computed right into memory that keeps the gaps zero.
      const own = pack.parts.every((v) => !locations.has(v));
      const total = bytesOf(graph.values[pack.value]);
      const target = into.get(root);
      const place = own
        ? target
          ? sources.locatePack(graph, target, pack.value)
          : { ...buffers.reserve('carry', total), size: total }
        : sources.locatePack(graph, pack.parts, pack.value);
      put(root, place);
      if (!own) continue;
      const parts = pack.parts.map((v) => graph.values[v]);
      const { starts } = packed(parts.map((v) => elementCount(v.shape)));
      parts.forEach((part, i) => {
        const offset = place.offset + bytesPerElement(part) * starts[i];
        put(part.id, { buffer: place.buffer, offset, size: bytesOf(part) });
      });
    }
    for (const [root, target] of into) {
      if (!locations.has(root)) locations.set(root, sources.locatePack(graph, target, root));
    }
    return locations;
  });

  const lives = entries.map(liveRanges);
  const shared = lives.flatMap((own, entry) =>
    [...own.values()]
      .filter((life) => !placed[entry].has(life.value.id) && life.external)
      .map((life) => ({ ...life, entry, size: bytesOf(life.value) })),
  );
  for (const { entry, from, size } of shared) {
    const { name, units } = entries[entry];
    const { scope, label } = units[from];
    const what = `a tensor of ${scope ? `${scope}: ${label}` : label}`;
    ofEntry(name, () => checkFits(what, size, limits));
  }
  const flags = entries.map(({ graph }): Location | undefined => {
    if (!graph.values.some(({ storage }) => storage === 'f16')) return undefined;
    return { ...buffers.reserve('values', 4), size: 4, arena: true };
  });
  const { sizes, slots } = layOut(shared, limits.maxBufferSize);
  const arenas = sizes.map((size) => buffers.reserve('values', size));
  shared.forEach(({ value, entry, size }, i) => {
    placed[entry].set(value.id, {
      buffer: arenas[slots[i].arena].buffer,
      offset: arenas[slots[i].arena].offset + slots[i].offset,
      size,
      arena: true,
    });
  });
  entries.forEach(({ groups }, i) => {
    for (const { whole, parts } of groups) {
      const place = placed[i].get(whole.id)!;
      const { starts } = packed(parts.map((v) => elementCount(v.shape)));
      parts.forEach((v, k) => {
        const offset = place.offset + bytesPerElement(v) * starts[k];
        placed[i].set(v.id, { ...place, offset, size: bytesOf(v) });
      });
    }
  });
  return {
    buffers: buffers.list,
    tensors: sources.tensors,
    entries: placed.map((locations, i) => ({
      locations,
      overflow: flags[i],
      stored: new Set([...lives[i]].filter(([, life]) => life.external).map(([v]) => v)),
      peak: peakOf(shared.filter((life) => life.entry === i)),
    })),
  };
}

/** The most bytes that are alive at once: what no layout can do without. */
function peakOf(lives: readonly Lifetime[]): number {
  const at: number[] = [];
  for (const { size, from, to } of lives) {
    at[from] = (at[from] ?? 0) + roundUp(size, OFFSET_ALIGNMENT);
    at[to + 1] = (at[to + 1] ?? 0) - roundUp(size, OFFSET_ALIGNMENT);
  }
  let [alive, peak] = [0, 0];
  for (const change of at) {
    alive += change ?? 0;
    peak = Math.max(peak, alive);
  }
  return peak;
}

interface Life {
  readonly value: Value;
  from: number;
  to: number;
  /** Read outside the kernel that computes it. */
  external: boolean;
  /** An output. */
  kept: boolean;
}

function liveRanges({ graph, units, views, groups }: EntryUnits): Map<ValueId, Life> {
  const lives = new Map<ValueId, Life>();
  const groupOf = new Map(groups.flatMap(({ whole, parts }) => parts.map((v) => [v.id, whole] as const)));
  const define = (part: Value, at: number) => {
    const value = groupOf.get(part.id) ?? part;
    const root = views.root(value.id);
    const known = lives.get(root);
    if (known) known.to = Math.max(known.to, at);
    else
      lives.set(root, {
        value: graph.values[root] ?? value,
        from: at,
        to: at,
        external: false,
        kept: false,
      });
  };
  const use = (v: ValueId, at: number) => {
    const life = lives.get(groupOf.get(v)?.id ?? views.root(v));
    if (!life) return;
    life.to = Math.max(life.to, at);
    life.external = true;
  };
  units.forEach((unit, at) => {
    const inKernel = new Set(computedValues(unit));
    for (const value of unit.scratch) define(value, at);
    for (const call of unit.calls) for (const w of call.writes) define(w.value, at);
    for (const v of inKernel) define(graph.values[v], at);
    for (const value of unit.scratch) use(value.id, at);
    // Outputs that the kernel stores itself need memory even if nobody reads them.
    for (const call of unit.calls)
      for (const w of call.writes) if (!inKernel.has(w.value.id)) use(w.value.id, at);
    for (const v of loadedValues(unit)) use(v, at);
  });
  for (const o of [...graph.outputs, ...graph.updates]) use(o.value, units.length);
  for (const { value } of graph.outputs) {
    const life = lives.get(views.root(value));
    if (life) life.kept = true;
  }
  for (const pack of views.packs) for (const v of pack.parts) use(v, units.length);
  return lives;
}
