import { elementCount, type Graph, type ValueId } from '../ir/graph.ts';
import type { OpTable, RefTensor } from '../ir/op.ts';
import { interpret } from '../reference/interpret.ts';
import type { Backend, Elements, Executable, TensorKind } from './backend.ts';

/** Packs start each part at a multiple of this many elements; the alignment that `pack` nodes are built with. */
const PACK_ALIGNMENT = 64;

/** Float64, plain loops: slow, and the truth that kernels are checked against. */
export function referenceBackend(ops: OpTable): Backend {
  return {
    name: 'reference',
    description: 'reference (float64 on the CPU)',
    prepare: async (graph) => new ReferenceExecutable(graph, ops),
    destroy: () => {},
  };
}

class ReferenceExecutable implements Executable {
  readonly bytes = 0;
  private readonly graph: Graph;
  private readonly ops: OpTable;
  private readonly sources = new Map<ValueId, RefTensor>();
  private readonly byName = new Map<string, ValueId>();
  private results = new Map<ValueId, RefTensor>();

  constructor(graph: Graph, ops: OpTable) {
    this.graph = graph;
    this.ops = ops;
    for (const { kind, name, value } of graph.sources) {
      const { shape } = graph.values[value];
      this.byName.set(`${kind}:${name}`, value);
      this.sources.set(value, { shape, data: new Float64Array(elementCount(shape)) });
    }
    for (const { name, value } of graph.outputs) this.byName.set(`output:${name}`, value);
  }

  has(kind: TensorKind, name: string): boolean {
    return this.byName.has(`${kind}:${name}`);
  }

  write(kind: TensorKind, name: string, data: Elements): void {
    const value = this.find(kind, name);
    const { shape } = this.graph.values[value];
    if (data.length !== elementCount(shape))
      throw new Error(`${name} is [${shape}], ${data.length} values were given`);
    this.sources.set(value, { shape, data: Float64Array.from(data) });
  }

  run(): void {
    this.results = interpret(this.graph, this.ops, this.sources);
    for (const { sources, value } of this.graph.updates) {
      const { data } = this.results.get(value)!;
      let at = 0;
      for (const s of sources) {
        const { shape } = this.graph.values[s];
        const n = elementCount(shape);
        this.sources.set(s, { shape, data: data.slice(at, at + n) });
        at += Math.ceil(n / PACK_ALIGNMENT) * PACK_ALIGNMENT;
      }
    }
  }

  async read(kind: TensorKind, names: readonly string[]): Promise<Map<string, Elements>> {
    const from = kind === 'output' ? this.results : this.sources;
    return new Map(names.map((name) => [name, from.get(this.find(kind, name))!.data]));
  }

  destroy(): void {}

  private find(kind: TensorKind, name: string): ValueId {
    const value = this.byName.get(`${kind}:${name}`);
    if (value === undefined) throw new Error(`the graph has no ${kind} named ${name}`);
    return value;
  }
}
