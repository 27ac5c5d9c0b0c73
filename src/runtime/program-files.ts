import { type FileInfo, sha256Of } from '../program/stored.ts';
import { RuntimeError } from './runtime-error.ts';

/**
 * Where the files of a program are: their bytes by name (`program.json`, `kernels/….wgsl`, `weights.safetensors`), a
 * function that gets one, or the address of the folder, which `fetch` can read.
 */
export type ProgramFiles =
  | ReadonlyMap<string, Uint8Array>
  | ((file: string) => Uint8Array | ArrayBuffer | Promise<Uint8Array | ArrayBuffer>)
  | URL
  | string;

/** Gets a file. Throws RuntimeError `program-file` where there is none. */
export type Load = (file: string) => Promise<Uint8Array>;

export function loaderOf(files: ProgramFiles): Load {
  const get = getterOf(files);
  return async (file) => {
    let bytes: unknown;
    try {
      bytes = await get(file);
    } catch (error) {
      throw missing(file, error instanceof Error ? error.message : String(error));
    }
    if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
    if (bytes instanceof Uint8Array) return bytes;
    throw missing(file, bytes === undefined ? 'it is not among the files' : 'what came is no bytes');
  };
}

function getterOf(files: ProgramFiles): (file: string) => unknown {
  if (typeof files === 'function') return files;
  if (typeof files === 'object' && 'get' in files) return (file) => files.get(file);
  const folder = String(files).replace(/\/*$/, '/');
  // In a browser a relative address means one beside the page.
  const base = (globalThis as { readonly location?: { readonly href: string } }).location?.href;
  return async (file) => {
    const response = await fetch(new URL(file, new URL(folder, base)));
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`.trim());
    return response.arrayBuffer();
  };
}

/**
 * Gets a file and makes sure that it is the one that was written with the program.
 *
 * @throws RuntimeError `program-file`
 */
export async function loadChecked(
  load: Load,
  file: string,
  { bytes: size, sha256 }: FileInfo,
): Promise<Uint8Array> {
  const bytes = await load(file);
  if (bytes.length !== size) {
    throw new RuntimeError('program-file', `${file} has ${bytes.length} bytes, program.json says ${size}`);
  }
  await checkDigest(file, bytes, sha256);
  return bytes;
}

/**
 * Makes sure that bytes have a SHA-256.
 *
 * @throws RuntimeError `program-file`
 */
export async function checkDigest(file: string, bytes: Uint8Array, sha256: string): Promise<void> {
  const found = await sha256Of(bytes);
  if (found === sha256) return;
  throw new RuntimeError(
    'program-file',
    `${file} is not the one that was compiled: its SHA-256 is ${found}, program.json says ${sha256}`,
  );
}

/**
 * The text of a file in UTF-8.
 *
 * @throws RuntimeError `program-file`
 */
export function textOf(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new RuntimeError('program-file', `${file} is no text in UTF-8`);
  }
}

function missing(file: string, why: string): RuntimeError {
  return new RuntimeError('program-file', `${file} cannot be loaded: ${why}`);
}
