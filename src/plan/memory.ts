import { elementCount, type Graph, type Value, type ValueId } from '../ir/graph.ts';
import type { DeviceLimits } from '../ir/kernel.ts';
import { packed, roundUp } from '../ir/packing.ts';
import type { BufferInfo, SourceInfo } from '../program/program.ts';
import type { Location } from './location.ts';
import { placeSources, sizeOf } from './sources.ts';
import { computedValues, loadedValues, type Unit } from './unit.ts';
import type { Views } from './views.ts';

/** An entry before its values have their places. */
export interface EntryUnits {
  readonly name: string;
  readonly graph: Graph;
  readonly views: Views;
  readonly units: readonly Unit[];
  /** See `placeUpdates`. */
  readonly into: ReadonlyMap<ValueId, readonly ValueId[]>;
}

export interface EntryMemory {
  /** By root value (see {@link Views}); scratch and packs included. */
  readonly locations: ReadonlyMap<ValueId, Location>;
  /** Values that fused kernels must store, because something outside their unit reads them. */
  readonly stored: ReadonlySet<ValueId>;
}

export interface MemoryPlan {
  readonly buffers: readonly BufferInfo[];
  readonly tensors: readonly SourceInfo[];
  /** In the order of the entries. */
  readonly entries: readonly EntryMemory[];
}

/**
 * Gives every value its memory before anything runs. Sources and packed values have their place for good;
 * all others share buffers: two values may lie in the same one if they are never alive at the same time.
 */
export function planMemory(entries: readonly EntryUnits[], limits: DeviceLimits): MemoryPlan {
  const buffers: BufferInfo[] = [];
  const newBuffer = (size: number, kind: BufferInfo['kind']) =>
    buffers.push({ size: roundUp(size, 16), kind }) - 1;
  const sources = placeSources(entries, limits, newBuffer);
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
      const total = sizeOf(graph.values[pack.value].shape);
      const target = into.get(root);
      const place = own
        ? target
          ? sources.locatePack(graph, target, pack.value)
          : { buffer: newBuffer(total, 'state'), offset: 0, size: total }
        : sources.locatePack(graph, pack.parts, pack.value);
      put(root, place);
      if (!own) continue;
      const shapes = pack.parts.map((v) => graph.values[v].shape);
      const { starts } = packed(shapes.map(elementCount));
      pack.parts.forEach((part, i) => {
        put(part, { buffer: place.buffer, offset: place.offset + 4 * starts[i], size: sizeOf(shapes[i]) });
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
      .filter((l) => !placed[entry].has(l.value.id) && l.external)
      .map((l) => ({ ...l, entry })),
  );
  // Largest first, each into the first buffer that is free all its life: the buffer never has to grow.
  shared.sort(
    (a, b) => sizeOf(b.value.shape) - sizeOf(a.value.shape) || a.entry - b.entry || a.value.id - b.value.id,
  );
  const slots: { buffer: number; taken: (typeof shared)[number][] }[] = [];
  for (const life of shared) {
    const size = sizeOf(life.value.shape);
    let slot = slots.find((s) => s.taken.every((t) => !together(t, life)));
    if (!slot) {
      slot = { buffer: newBuffer(size, 'activations'), taken: [] };
      slots.push(slot);
    }
    slot.taken.push(life);
    placed[life.entry].set(life.value.id, { buffer: slot.buffer, offset: 0, size });
  }
  return {
    buffers,
    tensors: sources.tensors,
    entries: placed.map((locations, i) => ({
      locations,
      stored: new Set([...lives[i]].filter(([, life]) => life.external).map(([v]) => v)),
    })),
  };
}

/** Whether two values need memory at once. Entries run one after the other; outputs stay while others run. */
function together(a: Life & { entry: number }, b: Life & { entry: number }): boolean {
  return a.entry === b.entry ? a.from <= b.to && b.from <= a.to : a.output || b.output;
}

interface Life {
  readonly value: Value;
  from: number;
  to: number;
  /** Read outside the kernel that computes it. */
  external: boolean;
  output: boolean;
}

function liveRanges({ graph, units, views }: EntryUnits): Map<ValueId, Life> {
  const lives = new Map<ValueId, Life>();
  const define = (value: Value, at: number) => {
    const root = views.root(value.id);
    const known = lives.get(root);
    if (known) known.to = Math.max(known.to, at);
    else
      lives.set(root, {
        value: graph.values[root] ?? value,
        from: at,
        to: at,
        external: false,
        output: false,
      });
  };
  const use = (v: ValueId, at: number) => {
    const life = lives.get(views.root(v));
    if (!life) return;
    life.to = Math.max(life.to, at);
    life.external = true;
  };
  units.forEach((unit, at) => {
    const inKernel = new Set(computedValues(unit));
    for (const value of unit.scratch) define(value, at);
    for (const call of unit.calls) for (const w of call.writes) define(w.value, at);
    for (const step of unit.chain) define(graph.values[step.value], at);
    for (const value of unit.scratch) use(value.id, at);
    // Outputs that the kernel stores itself need memory even if nobody reads them.
    for (const call of unit.calls)
      for (const w of call.writes) if (!inKernel.has(w.value.id)) use(w.value.id, at);
    for (const v of loadedValues(unit)) use(v, at);
  });
  for (const o of [...graph.outputs, ...graph.updates]) use(o.value, units.length);
  for (const { value } of graph.outputs) {
    const life = lives.get(views.root(value));
    if (life) life.output = true;
  }
  for (const pack of views.packs) for (const v of pack.parts) use(v, units.length);
  return lives;
}
