import type { DType, Graph, Shape, ValueId } from '../ir/graph.ts';
import type { DeviceLimits } from '../ir/kernel.ts';
import { OFFSET_ALIGNMENT, roundUp } from '../ir/packing.ts';
import { bytesOf } from '../ir/storage.ts';
import type { BufferInfo, SourceInfo, SourceKind } from '../program/program.ts';
import type { Buffers } from './buffers.ts';
import { checkFits } from './limits.ts';
import type { Location } from './location.ts';
import { ofEntry } from './plan-error.ts';
import type { Views } from './views.ts';

/** What placing sources needs to know of an entry. */
export interface SourceUse {
  readonly name: string;
  readonly graph: Graph;
  readonly views: Views;
}

export interface PlacedSources {
  /** Those that some entry reads or changes, in order of appearance. */
  readonly tensors: readonly SourceInfo[];
  /** Where an entry's source lies; `undefined` where no entry uses it. */
  locate(graph: Graph, source: ValueId): Location | undefined;
  /** Where an entry's value lies that is packed sources, or what these are to hold. */
  locatePack(graph: Graph, sources: readonly ValueId[], value: ValueId): Location;
}

interface Known {
  readonly key: string;
  readonly kind: SourceKind;
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly initial: number | undefined;
  /** The entry that has it first, for messages. */
  readonly entry: string;
}

const bufferKind: Readonly<Record<SourceKind, BufferInfo['kind']>> = {
  input: 'input',
  param: 'weights',
  buffer: 'weights',
  state: 'state',
  carry: 'carry',
};

/**
 * Gives every source of a program a place of its own for good. Those that an entry packs lie one after the other.
 */
export function placeSources(
  entries: readonly SourceUse[],
  buffers: Buffers,
  limits: DeviceLimits,
): PlacedSources {
  const known = unify(entries);
  const keysOf = new Map(entries.map(({ graph }) => [graph, sourceKeys(graph)]));
  const runs = findRuns(entries, keysOf, known);
  const locations = new Map<string, Location>();
  for (const run of runs) {
    const tensors = run.map((key) => known.get(key)!);
    for (const tensor of tensors)
      ofEntry(tensor.entry, () => checkFits(`${tensor.kind} ${tensor.name}`, bytesOf(tensor), limits));
    const bytes = tensors.reduce((n, tensor) => n + roundUp(bytesOf(tensor), OFFSET_ALIGNMENT), 0);
    const { buffer, offset } = buffers.reserve(bufferKind[tensors[0].kind], bytes);
    let at = offset;
    for (const tensor of tensors) {
      const size = bytesOf(tensor);
      locations.set(tensor.key, { buffer, offset: at, size });
      at += roundUp(size, OFFSET_ALIGNMENT);
    }
  }
  const locate = (graph: Graph, source: ValueId) => locations.get(keysOf.get(graph)!.get(source) ?? '');
  return {
    tensors: [...known.values()].map(({ key, kind, name, shape, dtype, initial }) => {
      const { buffer, offset } = locations.get(key)!;
      const first = initial === undefined ? {} : { initial };
      return { name, kind, dtype, shape, buffer, offset, ...first };
    }),
    locate,
    locatePack: (graph, sources, value) => {
      const [first, last] = [locate(graph, sources[0])!, locate(graph, sources[sources.length - 1])!];
      const size = bytesOf(graph.values[value]);
      const room = roundUp(last.offset + last.size, OFFSET_ALIGNMENT) - first.offset;
      if (size > room) throw new Error(`a value of ${size} bytes in ${sources.length} sources of ${room}`);
      return { buffer: first.buffer, offset: first.offset, size };
    },
  };
}

/** The sources of all entries that are read or changed, each once. */
function unify(entries: readonly SourceUse[]): Map<string, Known> {
  const known = new Map<string, Known>();
  for (const { name: entry, graph } of entries) {
    const used = new Set([
      ...graph.nodes.flatMap((n) => n.inputs),
      ...graph.outputs.map((o) => o.value),
      ...graph.updates.flatMap((u) => [...u.sources, u.value]),
    ]);
    for (const { kind, name, value, initial } of graph.sources) {
      if (!used.has(value)) continue;
      const { shape, dtype } = graph.values[value];
      const key = `${kind}:${name}`;
      const before = known.get(key);
      if (!before) known.set(key, { key, kind, name, shape, dtype, initial, entry });
      else if (`${before.dtype}[${before.shape}]` !== `${dtype}[${shape}]` || before.initial !== initial) {
        throw new Error(
          `${kind} ${name} is ${before.dtype}[${before.shape}] (at first ${before.initial ?? 0}) in entry ${before.entry}, ` +
            `${dtype}[${shape}] (at first ${initial ?? 0}) in ${entry}`,
        );
      }
    }
  }
  return known;
}

const sourceKeys = (graph: Graph) =>
  new Map(graph.sources.map(({ kind, name, value }) => [value, `${kind}:${name}`]));

/** All sources in runs: what is packed, or updated as one, in that order; every other by itself. */
function findRuns(
  entries: readonly SourceUse[],
  keysOf: ReadonlyMap<Graph, ReadonlyMap<ValueId, string>>,
  known: ReadonlyMap<string, Known>,
): readonly (readonly string[])[] {
  const wanted = entries.flatMap(({ graph, views }) => {
    const keys = keysOf.get(graph)!;
    const lists = [...views.packs.map((p) => p.parts), ...graph.updates.map((u) => u.sources)];
    return lists.flatMap((list) => {
      const run = list.map((v) => keys.get(v));
      if (run.every((key) => key === undefined)) return [];
      if (run.some((key) => key === undefined)) throw new Error('a pack of sources and computed values');
      return [run as string[]];
    });
  });
  const runs: (readonly string[])[] = [];
  const runOf = new Map<string, readonly string[]>();
  const add = (run: readonly string[]) => {
    runs.push(run);
    for (const key of run) runOf.set(key, run);
  };
  // A shorter run may be part of a longer one.
  for (const run of wanted.filter((r) => r.length > 1).sort((a, b) => b.length - a.length)) {
    const around = runOf.get(run[0]);
    const at = around?.indexOf(run[0]) ?? -1;
    if (around && run.every((key, i) => around[at + i] === key)) continue;
    const taken = run.find((key) => runOf.has(key));
    if (taken !== undefined) throw new Error(`${taken} is packed in two ways`);
    add(run);
  }
  for (const key of known.keys()) if (!runOf.has(key)) add([key]);
  return runs;
}
