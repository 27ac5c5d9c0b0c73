import type { Entries, SourceKind } from '../ir/graph.ts';

/** A tensor's elements, row-major: float64 from the reference backend, float32 or int32 from WebGPU. */
export type Elements = Float32Array | Float64Array | Int32Array;

/** Graphs made ready to run as often as one likes. Their sources are shared and live from run to run. */
export interface Executable {
  /** Whether some graph reads or changes such a tensor. */
  has(kind: SourceKind, name: string): boolean;
  write(kind: SourceKind, name: string, data: Elements): void;
  /** Runs entries, one after the other. */
  run(...entries: readonly string[]): void;
  read(kind: SourceKind, names: readonly string[]): Promise<Map<string, Elements>>;
  /** What an entry computed when it last ran, whatever ran after it. */
  readOutputs(entry: string, names: readonly string[]): Promise<Map<string, Elements>>;
  /** Bytes of device memory; 0 on the reference backend. */
  readonly bytes: number;
  destroy(): void;
}

/** What is kept with a model, by kind. */
const storedKinds = ['param', 'buffer'] as const;

/** Writes parameters and buffers, as far as some graph reads them. */
export function writeStored(executable: Executable, stored: ReadonlyMap<string, Elements>): void {
  for (const [name, data] of stored)
    for (const kind of storedKinds) if (executable.has(kind, name)) executable.write(kind, name, data);
}

/** Reads those of the parameters and buffers that some graph reads. */
export async function readStored(
  executable: Executable,
  names: readonly string[],
): Promise<Map<string, Elements>> {
  const found = storedKinds.map((kind) =>
    executable.read(
      kind,
      names.filter((name) => executable.has(kind, name)),
    ),
  );
  return new Map((await Promise.all(found)).flatMap((map) => [...map]));
}

/** Something that runs graphs. */
export interface Backend {
  /** `webgpu` or `reference`. */
  readonly name: string;
  /** One line for people. */
  readonly description: string;
  prepare(entries: Entries, model: string, batch: number): Promise<Executable>;
  destroy(): void;
}
