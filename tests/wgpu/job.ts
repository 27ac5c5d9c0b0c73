import type { Program, SourceKind } from '../../src/program/program.ts';
import type { TensorData } from '../../src/runtime/session.ts';

/** What a second WebGPU implementation is given, as JSON: a program and what it runs on. Numbers stay as they are. */
export interface Job {
  /** Its entries are run one after the other; no two have an output of one name. */
  readonly program: Program;
  readonly feeds: readonly Feed[];
}

/** A kernel's text, which is only to be read, checked and translated. */
export interface Text {
  readonly wgsl: string;
}

export interface Feed {
  readonly kind: SourceKind;
  readonly name: string;
  readonly data: readonly number[];
}

/** Values by output, none of a text, or why there are none: `code: message`. */
export type JobResult =
  | { readonly outputs: Readonly<Record<string, readonly number[]>> }
  | { readonly error: string };

/** A job to run all entries of a program; what it reads of `feeds` goes with it. */
export function jobOf(
  program: Program,
  feeds: Iterable<readonly [kind: SourceKind, name: string, data: ArrayLike<number>]>,
): Job {
  const has = (kind: string, name: string) => program.tensors.some((t) => t.kind === kind && t.name === name);
  return {
    program,
    feeds: [...feeds]
      .filter(([kind, name]) => has(kind, name))
      .map(([kind, name, data]) => ({ kind, name, data: Array.from(data) })),
  };
}

/** The data of a feed as its tensor holds it. */
export function typed({ tensors }: Program, { kind, name, data }: Feed): TensorData {
  const { dtype } = tensors.find((t) => t.kind === kind && t.name === name)!;
  return dtype === 'i32' ? Int32Array.from(data) : Float32Array.from(data);
}
