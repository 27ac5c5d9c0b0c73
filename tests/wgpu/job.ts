import type { Bundle, Manifest, TensorInfo } from '../../src/bundle/manifest.ts';
import type { TensorData } from '../../src/runtime/session.ts';

/** What a second WebGPU implementation is given, as JSON: a bundle and what it runs on. Numbers stay as they are. */
export interface Job {
  readonly manifest: Manifest;
  readonly wgsl: Readonly<Record<string, string>>;
  readonly feeds: readonly Feed[];
  /** Outputs to give back. */
  readonly outputs: readonly string[];
}

export interface Feed {
  readonly kind: TensorInfo['kind'];
  readonly name: string;
  readonly data: readonly number[];
}

/** Values by output, or why there are none: `code: message`. */
export type JobResult =
  | { readonly outputs: Readonly<Record<string, readonly number[]>> }
  | { readonly error: string };

/** A job to run a bundle; what it reads of `feeds` goes with it. */
export function jobOf(
  { manifest, wgsl }: Bundle,
  feeds: Iterable<readonly [kind: TensorInfo['kind'], name: string, data: ArrayLike<number>]>,
): Job {
  const has = (kind: string, name: string) =>
    manifest.tensors.some((t) => t.kind === kind && t.name === name);
  return {
    manifest,
    wgsl: Object.fromEntries(wgsl),
    feeds: [...feeds]
      .filter(([kind, name]) => has(kind, name))
      .map(([kind, name, data]) => ({ kind, name, data: Array.from(data) })),
    outputs: manifest.tensors.filter(({ kind }) => kind === 'output').map(({ name }) => name),
  };
}

/** The data of a feed as its tensor holds it. */
export function typed({ tensors }: Manifest, { kind, name, data }: Feed): TensorData {
  const { dtype } = tensors.find((t) => t.kind === kind && t.name === name)!;
  return dtype === 'i32' ? Int32Array.from(data) : Float32Array.from(data);
}
