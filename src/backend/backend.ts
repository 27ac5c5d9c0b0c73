import type { Graph } from '../ir/graph.ts';

/** A tensor's elements, row-major: float64 from the reference backend, float32 or int32 from WebGPU. */
export type Elements = Float32Array | Float64Array | Int32Array;

export type TensorKind = 'input' | 'param' | 'state' | 'output';

/** A graph made ready to run as often as one likes. */
export interface Executable {
  /** Whether the graph reads (or gives) such a tensor. */
  has(kind: TensorKind, name: string): boolean;
  write(kind: TensorKind, name: string, data: Elements): void;
  run(): void;
  read(kind: TensorKind, names: readonly string[]): Promise<Map<string, Elements>>;
  /** Bytes of device memory; 0 on the reference backend. */
  readonly bytes: number;
  destroy(): void;
}

/** Something that runs graphs. */
export interface Backend {
  /** `webgpu` or `reference`. */
  readonly name: string;
  /** One line for people. */
  readonly description: string;
  prepare(graph: Graph, model: string, batch: number): Promise<Executable>;
  destroy(): void;
}
