import {
  type Entries,
  elementCount,
  type Graph,
  type Shape,
  type Source,
  type SourceKind,
  sameShape,
  type ValueId,
} from '../ir/graph.ts';
import type { OpTable, RefTensor } from '../ir/op.ts';
import { packed } from '../ir/packing.ts';
import { prune } from '../ir/prune.ts';
import { interpret } from '../reference/interpret.ts';
import type { Backend, Elements, Executable } from './backend.ts';

/** Float64, plain loops: slow, and the truth that kernels are checked against. */
export function referenceBackend(ops: OpTable): Backend {
  return {
    name: 'reference',
    description: 'reference (float64 on the CPU)',
    prepare: async (entries) => new ReferenceExecutable(entries, ops),
    destroy: () => {},
  };
}

const keyOf = ({ kind, name }: Pick<Source, 'kind' | 'name'>) => `${kind}:${name}`;

class ReferenceExecutable implements Executable {
  readonly bytes = 0;
  private readonly entries: ReadonlyMap<string, Graph>;
  private readonly ops: OpTable;
  /** By kind and name. */
  private readonly sources = new Map<string, RefTensor>();
  private readonly outputs = new Map<string, ReadonlyMap<string, RefTensor>>();

  constructor(entries: Entries, ops: OpTable) {
    this.entries = new Map(Object.entries(entries).map(([name, graph]) => [name, prune(graph)]));
    this.ops = ops;
    for (const [entry, graph] of this.entries) {
      for (const source of graph.sources) this.add(source, graph.values[source.value].shape, entry);
      const zeros = graph.outputs.map(
        ({ name, value }) => [name, filled(graph.values[value].shape, 0)] as const,
      );
      this.outputs.set(entry, new Map(zeros));
    }
  }

  has(kind: SourceKind, name: string): boolean {
    return this.sources.has(keyOf({ kind, name }));
  }

  write(kind: SourceKind, name: string, data: Elements): void {
    const { shape } = this.source(kind, name);
    if (data.length !== elementCount(shape))
      throw new Error(`${name} is [${shape}], ${data.length} values were given`);
    this.sources.set(keyOf({ kind, name }), { shape, data: Float64Array.from(data) });
  }

  run(...entries: readonly string[]): void {
    for (const entry of entries) this.runEntry(entry, this.entry(entry));
  }

  async read(kind: SourceKind, names: readonly string[]): Promise<Map<string, Elements>> {
    return new Map(names.map((name) => [name, this.source(kind, name).data]));
  }

  async readOutputs(entry: string, names: readonly string[]): Promise<Map<string, Elements>> {
    this.entry(entry);
    const outputs = this.outputs.get(entry)!;
    return new Map(
      names.map((name) => {
        const found = outputs.get(name);
        if (!found) throw new Error(`the entry ${entry} has no output named ${name}`);
        return [name, found.data];
      }),
    );
  }

  destroy(): void {}

  private add(source: Source, shape: Shape, entry: string): void {
    const key = keyOf(source);
    const known = this.sources.get(key);
    if (known && !sameShape(known.shape, shape))
      throw new Error(`${source.kind} ${source.name} is [${known.shape}] elsewhere, [${shape}] in ${entry}`);
    if (!known) this.sources.set(key, filled(shape, source.initial ?? 0));
  }

  private runEntry(entry: string, graph: Graph): void {
    const keys = new Map(graph.sources.map((s) => [s.value, keyOf(s)]));
    const given = new Map<ValueId, RefTensor>([...keys].map(([v, key]) => [v, this.sources.get(key)!]));
    const results = interpret(graph, this.ops, given);
    this.outputs.set(entry, new Map(graph.outputs.map(({ name, value }) => [name, results.get(value)!])));
    for (const { sources, value } of graph.updates) {
      const { data } = results.get(value)!;
      const shapes = sources.map((s) => graph.values[s].shape);
      const { starts } = packed(shapes.map(elementCount));
      shapes.forEach((shape, i) => {
        const part = data.slice(starts[i], starts[i] + elementCount(shape));
        this.sources.set(keys.get(sources[i])!, { shape, data: part });
      });
    }
  }

  private source(kind: SourceKind, name: string): RefTensor {
    const found = this.sources.get(keyOf({ kind, name }));
    if (!found) throw new Error(`no entry has a ${kind} named ${name}`);
    return found;
  }

  private entry(name: string): Graph {
    const graph = this.entries.get(name);
    if (graph) return graph;
    throw new Error(`there is no entry ${name}, but ${[...this.entries.keys()].join(', ')}`);
  }
}

function filled(shape: Shape, value: number): RefTensor {
  return { shape, data: new Float64Array(elementCount(shape)).fill(value) };
}
