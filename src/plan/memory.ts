import type { BufferInfo } from '../bundle/manifest.ts';
import { elementCount, type Graph, type Value, type ValueId } from '../ir/graph.ts';
import type { DeviceLimits } from '../ir/kernel.ts';
import { computedValues, loadedValues, type Unit } from './unit.ts';
import type { Views } from './views.ts';

/** Where a value lies, in bytes. */
export interface Location {
  readonly buffer: number;
  readonly offset: number;
  readonly size: number;
}

export interface MemoryPlan {
  readonly buffers: readonly BufferInfo[];
  /** By root value (see {@link Views}); scratch and packs included. */
  readonly locations: ReadonlyMap<ValueId, Location>;
  /** Values that fused kernels must store, because something outside their unit reads them. */
  readonly stored: ReadonlySet<ValueId>;
}

/** Offsets of tensors that share a buffer; WebGPU's default and the coarsest that an adapter may ask for. */
const ALIGNMENT = 256;

/**
 * Gives every value its memory before anything runs. Sources and packed values have their place for good;
 * all others share buffers: two values may lie in the same one if they are never alive at the same time.
 */
export function planMemory(
  graph: Graph,
  units: readonly Unit[],
  views: Views,
  limits: DeviceLimits,
): MemoryPlan {
  const buffers: BufferInfo[] = [];
  const locations = new Map<ValueId, Location>();
  const sizeOf = (shape: readonly number[]) => Math.max(4 * elementCount(shape), 4);
  const newBuffer = (size: number, kind: BufferInfo['kind']) =>
    buffers.push({ size: align(size, 16), kind }) - 1;
  const sourceKind = new Map(graph.sources.map((s) => [s.value, s.kind]));

  for (const pack of views.packs) {
    const isWeights = pack.parts.some((v) => ['param', 'buffer'].includes(sourceKind.get(v) ?? ''));
    let offset = 0;
    const places: [ValueId, number][] = [];
    for (const part of pack.parts) {
      places.push([part, offset]);
      offset += align(sizeOf(graph.values[part].shape), 4 * pack.alignment);
    }
    const buffer = newBuffer(offset, isWeights ? 'weights' : 'state');
    for (const [part, at] of places) {
      if (locations.has(part)) throw new Error(`value ${part} is packed twice`);
      locations.set(part, { buffer, offset: at, size: sizeOf(graph.values[part].shape) });
    }
    locations.set(views.root(pack.value), { buffer, offset: 0, size: offset });
  }
  placeSources(graph, locations, newBuffer, limits, sizeOf);

  const lives = liveRanges(graph, units, views);
  const stored = new Set<ValueId>();
  for (const [v, life] of lives) if (life.external) stored.add(v);
  const shared = [...lives.values()].filter((l) => !locations.has(l.value.id) && l.external);
  // Largest first, each into the first buffer that is free all its life: the buffer never has to grow.
  shared.sort((a, b) => sizeOf(b.value.shape) - sizeOf(a.value.shape) || a.value.id - b.value.id);
  const slots: { buffer: number; taken: { from: number; to: number }[] }[] = [];
  for (const life of shared) {
    const size = sizeOf(life.value.shape);
    let slot = slots.find((s) => s.taken.every((t) => t.to < life.from || life.to < t.from));
    if (!slot) {
      slot = { buffer: newBuffer(size, 'activations'), taken: [] };
      slots.push(slot);
    }
    slot.taken.push({ from: life.from, to: life.to });
    locations.set(life.value.id, { buffer: slot.buffer, offset: 0, size });
  }
  return { buffers, locations, stored };
}

/** Weights, and buffers beside them, share large buffers; every other source has one of its own, so that it can be written by itself. */
function placeSources(
  graph: Graph,
  locations: Map<ValueId, Location>,
  newBuffer: (size: number, kind: BufferInfo['kind']) => number,
  limits: DeviceLimits,
  sizeOf: (shape: readonly number[]) => number,
): void {
  const weights: [ValueId, number][] = [];
  const read = new Set([...graph.nodes.flatMap((n) => n.inputs), ...graph.outputs.map((o) => o.value)]);
  for (const s of graph.sources) {
    if (locations.has(s.value) || !read.has(s.value)) continue;
    const size = sizeOf(graph.values[s.value].shape);
    if (s.kind === 'param' || s.kind === 'buffer') weights.push([s.value, size]);
    else locations.set(s.value, { buffer: newBuffer(size, s.kind), offset: 0, size });
  }
  while (weights.length > 0) {
    let offset = 0;
    const places: [ValueId, number, number][] = [];
    while (weights.length > 0 && (offset === 0 || offset + weights[0][1] <= limits.maxBufferSize)) {
      const [v, size] = weights.shift()!;
      places.push([v, offset, size]);
      offset = align(offset + size, ALIGNMENT);
    }
    const buffer = newBuffer(offset, 'weights');
    for (const [v, at, size] of places) locations.set(v, { buffer, offset: at, size });
  }
}

interface Life {
  readonly value: Value;
  from: number;
  to: number;
  /** Read outside the kernel that computes it. */
  external: boolean;
}

function liveRanges(graph: Graph, units: readonly Unit[], views: Views): Map<ValueId, Life> {
  const lives = new Map<ValueId, Life>();
  const define = (value: Value, at: number) => {
    const root = views.root(value.id);
    const known = lives.get(root);
    if (known) known.to = Math.max(known.to, at);
    else lives.set(root, { value: graph.values[root] ?? value, from: at, to: at, external: false });
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
  for (const pack of views.packs) for (const v of pack.parts) use(v, units.length);
  return lives;
}

export function align(n: number, to: number): number {
  return Math.ceil(n / to) * to;
}
