import type { Facts } from './facts.ts';
import type { KernelInterface, ProgramPlan } from './program.ts';

/** The version of the format that `archc compile` writes and the runtime reads. */
export const PROGRAM_FORMAT = 4 as const;
/** The oldest version that the runtime reads, too: it only lacks `trainedOn`. */
export const OLDEST_FORMAT = 3 as const;

/** Files of the kernels as WebAssembly. */
export const PLAIN_MODULE = 'kernels.wasm';
export const RELAXED_MODULE = 'kernels.relaxed.wasm';

/** What a file must be. */
export interface FileInfo {
  readonly bytes: number;
  /** Of its contents, in lower-case hexadecimal. */
  readonly sha256: string;
}

/** A kernel in `program.json`. */
export interface StoredKernel extends KernelInterface {
  /** Of the file `kernels/<name>.wgsl`; absent in a plan for the CPU device. */
  readonly text?: FileInfo;
}

/** All kernels of a plan for the CPU device, as WebAssembly. */
export interface StoredModules {
  /** Of `kernels.wasm`, which multiplies and adds with two roundings: the same bits everywhere. */
  readonly plain: FileInfo;
  /** Of `kernels.relaxed.wasm`, for engines with relaxed SIMD: one rounding, where the processor can. */
  readonly relaxed: FileInfo;
  /** Memory that a kernel may use beside its bindings. */
  readonly scratchBytes: number;
  /** Bits of addresses: 64 of a program that takes more than 4 GiB, else left out. */
  readonly address?: 64;
}

/** How a program is run on a kind of device: WebGPU's, or the processor where it has `modules`. */
export interface StoredPlan extends Omit<ProgramPlan, 'format' | 'model' | 'batch'> {
  readonly kernels: readonly StoredKernel[];
  readonly modules?: StoredModules;
}

/** `program.json`: what a program on disk says of itself and of the files beside it. */
export interface StoredProgram extends Pick<ProgramPlan, 'format' | 'model' | 'batch'> {
  readonly facts: Facts;
  /** One for each kind of device that it is compiled for. */
  readonly plans: readonly StoredPlan[];
  /** Of `weights.safetensors`. */
  readonly weights: FileInfo;
  /** Of the text before it: see {@link digested}. */
  readonly sha256: string;
}

/** How `program.json` ends. What stands before is what its SHA-256 is of, so that damage of it is noticed. */
export const ending = (sha256: string): string => `,"sha256":"${sha256}"}\n`;

/** The part of the text of `program.json` that its SHA-256 is of. */
export const digested = (text: string): string => text.slice(0, -ending('0'.repeat(64)).length);

/** SHA-256 in lower-case hexadecimal. */
export async function sha256Of(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
