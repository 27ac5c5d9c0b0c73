import type { Program, SourceKind } from '../../src/program/program.ts';
import type { TensorData } from '../../src/runtime/session.ts';

/** What a second WebGPU implementation is given, as JSON: a program of one entry and what it runs on. Numbers stay as they are. */
export interface Job {
  readonly program: Program;
  readonly entry: string;
  readonly feeds: readonly Feed[];
  /** Outputs to give back. */
  readonly outputs: readonly string[];
}

export interface Feed {
  readonly kind: SourceKind;
  readonly name: string;
  readonly data: readonly number[];
}

/** Values by output, or why there are none: `code: message`. */
export type JobResult =
  | { readonly outputs: Readonly<Record<string, readonly number[]>> }
  | { readonly error: string };

/** A job to run a program's only entry; what it reads of `feeds` goes with it. */
export function jobOf(
  program: Program,
  feeds: Iterable<readonly [kind: SourceKind, name: string, data: ArrayLike<number>]>,
): Job {
  const has = (kind: string, name: string) => program.tensors.some((t) => t.kind === kind && t.name === name);
  const [[entry, { outputs }]] = Object.entries(program.entries);
  return {
    program,
    entry,
    feeds: [...feeds]
      .filter(([kind, name]) => has(kind, name))
      .map(([kind, name, data]) => ({ kind, name, data: Array.from(data) })),
    outputs: outputs.map(({ name }) => name),
  };
}

/** The data of a feed as its tensor holds it. */
export function typed({ tensors }: Program, { kind, name, data }: Feed): TensorData {
  const { dtype } = tensors.find((t) => t.kind === kind && t.name === name)!;
  return dtype === 'i32' ? Int32Array.from(data) : Float32Array.from(data);
}
