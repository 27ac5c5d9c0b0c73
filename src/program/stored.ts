import type { Facts } from './facts.ts';
import type { KernelInfo, Program } from './program.ts';

/** The version of the format that `archc compile` writes and the runtime reads. */
export const PROGRAM_FORMAT = 2;

/** What a file must be. */
export interface FileInfo {
  readonly bytes: number;
  /** Of its contents, in lower-case hexadecimal. */
  readonly sha256: string;
}

/** A kernel in `program.json`: its text is the file `kernels/<name>.wgsl`. */
export type StoredKernel = Omit<KernelInfo, 'wgsl'> & FileInfo;

/** `program.json`: what a program on disk says of itself and of the files beside it. */
export interface StoredProgram extends Omit<Program, 'kernels'> {
  readonly facts: Facts;
  readonly kernels: readonly StoredKernel[];
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
