import { cutOut, type Extent, findContents } from '../ir/contents.ts';
import { elementCount, type Graph, type Value, type ValueId } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import { OFFSET_ALIGNMENT, PACK_ALIGNMENT, packed, roundUp } from '../ir/packing.ts';
import { bytesPerElement } from '../ir/storage.ts';
import type { Dispatch, Program } from '../program/program.ts';
import { HeldBytes } from './replay-memory.ts';

/** A value that a dispatch reads or writes, and where. */
export interface Access {
  readonly value: Value;
  /** `change`: each thread reads what it then writes. */
  readonly kind: 'read' | 'write' | 'change';
  readonly buffer: number;
  /** In bytes. */
  readonly offset: number;
  /** The parts of the value that are written; left out: all. */
  readonly only?: readonly Value[];
}

/** An entry as it is planned, with the values behind what its dispatches bind. */
export interface TracedEntry {
  readonly name: string;
  readonly graph: Graph;
  /** Values beside those of the graph that are made of others, as `packed` says. */
  readonly groups: readonly { readonly whole: Value; readonly parts: readonly Value[] }[];
  /** What each dispatch reads and writes. */
  readonly accesses: readonly (readonly Access[])[];
}

/** Bytes of an element of what is not kept in half precision: sources, results and what kernels hand on. */
const ELEMENT = 4;
/** So many show what is wrong. */
const MOST_PROBLEMS = 20;
/** What lies between sources, and in the gaps of packs of sources; sources have the numbers below. */
const NOTHING = -1;

/**
 * Runs a program's entries, each after every other, over memory that holds, instead of numbers, which element of which
 * value lies where. Finds reads of what is not there, because it was overwritten or is not computed yet, bindings of a
 * dispatch that overlap although one is written, outputs that another entry overwrites, and sources that do not hold
 * what they must when an entry ends. How memory was planned, it does not know.
 *
 * @returns one sentence each; empty for a sound plan
 */
export function replay(program: Program, entries: readonly TracedEntry[], ops: OpTable): string[] {
  const run = new Replay(program, ops);
  for (const { name } of entries)
    for (const d of program.entries[name].dispatches)
      for (const problem of bindingProblems(program, d)) run.problems.add(`${name}: ${problem}`);
  for (const entry of [...entries, ...[...entries].reverse(), ...entries]) run.entry(entry);
  return [...run.problems].slice(0, MOST_PROBLEMS);
}

function bindingProblems({ kernels }: Program, { kernel, bindings, label }: Dispatch): string[] {
  const isWritten = (i: number) => kernels[kernel].bindings[i] === 'read_write';
  return bindings.flatMap(([buffer, offset, size], i) =>
    bindings.slice(i + 1).flatMap(([other, start, bytes], k) => {
      const [one, two] = [isWritten(i), isWritten(i + 1 + k)];
      if (buffer !== other || !(one || two)) return [];
      if (one !== two) return [`${label} binds buffer ${buffer} for reading and for writing`];
      const apart = offset + size <= start || start + bytes <= offset;
      return apart
        ? []
        : [`${label} may write byte ${Math.max(offset, start)} of buffer ${buffer} through two bindings`];
    }),
  );
}

/** Where elements lie, in bytes. */
interface Place {
  readonly buffer: number;
  readonly offset: number;
}

class Replay {
  readonly problems = new Set<string>();
  private readonly program: Program;
  private readonly ops: OpTable;
  private readonly memory: readonly HeldBytes[];
  private readonly sourceLabels: ReadonlyMap<string, number>;
  /** By entry: looks whether what it output last is still there. */
  private readonly checks = new Map<string, (after: string) => void>();
  private runs = 0;

  constructor(program: Program, ops: OpTable) {
    this.program = program;
    this.ops = ops;
    this.memory = program.buffers.map(() => new HeldBytes());
    this.sourceLabels = new Map(program.tensors.map((t, k) => [keyOf(t), NOTHING - 1 - k]));
    this.settleSources();
  }

  entry(entry: TracedEntry): void {
    const values = new RunValues(entry, this.ops, this.sourceLabels, this.runs++);
    entry.accesses.forEach((accesses, i) => {
      this.dispatch(this.program.entries[entry.name].dispatches[i], accesses, values, (problem) =>
        this.problems.add(`${entry.name}: ${problem}`),
      );
    });
    this.checkSources(entry, values);
    this.settleSources();
    this.checks.set(entry.name, (after) => this.checkOutputs(entry, values, after));
    for (const check of this.checks.values()) check(entry.name);
  }

  private dispatch(
    { label, bindings }: Dispatch,
    accesses: readonly Access[],
    values: RunValues,
    complain: (problem: string) => void,
  ): void {
    for (const a of accesses) {
      const { id } = a.value;
      const [start, size] = [a.offset, bytesOf(a.value)];
      const isBound = bindings.some(
        ([buffer, from, length]) => buffer === a.buffer && from <= start && start + size <= from + length,
      );
      if (!isBound) complain(`${label} takes %${id} from outside of what it binds`);
      const over = accesses.find((b) => a.kind === 'read' && b.kind !== 'read' && overlap(a, b));
      if (over) complain(`${label} reads %${id} where it writes %${over.value.id}`);
      const read = values.readBy(a);
      const wrong =
        read &&
        this.firstWrong(a, values.contents(read), values, values.countOf(read), bytesPerElement(read));
      if (wrong !== undefined)
        complain(`${label} reads %${read!.id}, which is not at byte ${wrong} of buffer ${a.buffer}`);
    }
    const writes = accesses
      .filter((a) => a.kind !== 'read')
      .flatMap((a) => values.writtenBy(a).map((e) => [a, e] as const));
    for (const [{ buffer, offset, value }, { of, at, from, count }] of writes) {
      const size = bytesPerElement(value);
      const range = [offset + size * at, size * count, values.label(of), size * from] as const;
      // What several dispatches fill must not be lost in between.
      if (values.written.has(of) && this.memory[buffer].firstOther(...range) !== undefined)
        complain(`${label} adds to %${of}, which something has overwritten`);
      this.memory[buffer].put(...range);
    }
    for (const [, { of }] of writes) values.written.add(of);
  }

  /**
   * The first byte that does not hold what it should.
   *
   * @param count of how many elements no other value may lie in the gaps between extents; left out: any may
   * @param size bytes of an element
   */
  private firstWrong(
    { buffer, offset }: Place,
    extents: readonly Extent[],
    values: RunValues,
    count?: number,
    size = ELEMENT,
  ): number | undefined {
    const memory = this.memory[buffer];
    const gap = (from: number, to: number) =>
      memory.firstOf(offset + size * from, size * (to - from), (label) => label >= 0);
    let end = 0;
    for (const { of, at, from, count: length } of extents) {
      const wrong =
        (count === undefined ? undefined : gap(end, at)) ??
        memory.firstOther(offset + size * at, size * length, values.label(of), size * from);
      if (wrong !== undefined) return wrong;
      end = at + length;
    }
    return count === undefined ? undefined : gap(end, count);
  }

  /** What sources must hold when an entry ends: what updates say, or what they held. */
  private checkSources({ name, graph }: TracedEntry, values: RunValues): void {
    const keys = new Map(graph.sources.map((s) => [s.value, keyOf(s)]));
    const updated = new Map<string, readonly Extent[]>();
    for (const { sources, value } of graph.updates) {
      const counts = sources.map((v) => elementCount(graph.values[v].shape));
      packed(counts).starts.forEach((start, k) => {
        const extents = cutOut(
          values.contents(graph.values[value]),
          start,
          roundUp(counts[k], PACK_ALIGNMENT),
        );
        updated.set(keys.get(sources[k])!, extents);
      });
    }
    for (const t of this.program.tensors) {
      const count = elementCount(t.shape);
      const label = this.sourceLabels.get(keyOf(t))!;
      const extents = updated.get(keyOf(t));
      const wrong = extents
        ? this.firstWrong(t, extents, values, roundUp(count, PACK_ALIGNMENT))
        : this.memory[t.buffer].firstOther(t.offset, ELEMENT * count, label, 0);
      if (wrong !== undefined)
        this.problems.add(`${name}: ${t.kind} ${t.name} does not hold what it must when the entry ends`);
    }
  }

  /** From here on sources are what is in their memory. */
  private settleSources(): void {
    for (const t of this.program.tensors) {
      const size = ELEMENT * elementCount(t.shape);
      this.memory[t.buffer].put(t.offset, size, this.sourceLabels.get(keyOf(t))!, 0);
      const rest = roundUp(size, OFFSET_ALIGNMENT) - size;
      if (rest > 0) this.memory[t.buffer].put(t.offset + size, rest, NOTHING, 0);
    }
  }

  private checkOutputs({ name, graph }: TracedEntry, values: RunValues, after: string): void {
    this.program.entries[name].outputs.forEach((o, k) => {
      const value = graph.values[graph.outputs[k].value];
      if (this.firstWrong(o, values.contents(value), values, elementCount(o.shape)) !== undefined)
        this.problems.add(`output ${o.name} of ${name} is not there after ${after}`);
    });
  }
}

/** What the values of one run of an entry are made of. */
class RunValues {
  /** Of what memory holds something since this run began. */
  readonly written = new Set<ValueId>();
  private readonly graph: Graph;
  private readonly known: (v: ValueId) => readonly Extent[];
  private readonly groups = new Map<ValueId, readonly Extent[]>();
  private readonly sources: ReadonlyMap<ValueId, number | undefined>;
  /** What an op changes in place, by its output. */
  private readonly changed = new Map<ValueId, Value>();
  private readonly firstLabel: number;

  constructor(
    { graph, groups }: TracedEntry,
    ops: OpTable,
    sourceLabels: ReadonlyMap<string, number>,
    run: number,
  ) {
    this.graph = graph;
    this.known = findContents(graph, ops);
    this.firstLabel = run * 2 ** 32;
    this.sources = new Map(graph.sources.map((s) => [s.value, sourceLabels.get(keyOf(s))]));
    for (const { whole, parts } of groups) {
      const { starts } = packed(parts.map((v) => elementCount(v.shape)));
      const extents = parts.map(({ id, shape }, k) => ({
        of: id,
        from: 0,
        at: starts[k],
        count: elementCount(shape),
      }));
      this.groups.set(whole.id, extents);
    }
    for (const { op: name, inputs, outputs } of graph.nodes) {
      const op = ops.get(name);
      if (op?.kind !== 'primitive' || op.lowering.kind !== 'kernels') continue;
      for (const [out, operand] of Object.entries(op.lowering.inPlace ?? {}))
        this.changed.set(outputs[Number(out)], graph.values[inputs[operand]]);
    }
  }

  label(v: ValueId): number {
    return this.sources.get(v) ?? this.firstLabel + v;
  }

  contents({ id, shape }: Value): readonly Extent[] {
    if (id < this.graph.values.length) return this.known(id);
    return this.groups.get(id) ?? [{ of: id, from: 0, at: 0, count: elementCount(shape) }];
  }

  /** Elements of a value with gaps that are zero; `undefined` where it has others. */
  countOf({ id, shape }: Value): number | undefined {
    return this.groups.has(id) ? undefined : elementCount(shape);
  }

  /** What an access finds in memory. */
  readBy({ kind, value }: Access): Value | undefined {
    if (kind === 'read') return value;
    return (
      this.changed.get(value.id) ?? (kind === 'change' && this.written.has(value.id) ? value : undefined)
    );
  }

  writtenBy({ value, only }: Access): readonly Extent[] {
    const extents = this.contents(value);
    if (!only) return extents;
    const parts = new Set(only.flatMap((v) => this.contents(v).map((e) => e.of)));
    return extents.filter((e) => parts.has(e.of));
  }
}

const keyOf = ({ kind, name }: { readonly kind: string; readonly name: string }) => `${kind}:${name}`;

const bytesOf = (value: Value) => bytesPerElement(value) * elementCount(value.shape);

function overlap(a: Access, b: Access): boolean {
  return (
    a.buffer === b.buffer && a.offset < b.offset + bytesOf(b.value) && b.offset < a.offset + bytesOf(a.value)
  );
}
