import type { AddressBits } from './memory-map.ts';

/** The part of the engine's WebAssembly that is used here, which neither ECMAScript's nor Node's types declare. */
interface Engine {
  readonly Memory: new (size: MemorySize) => WasmMemory;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: WasmImports) => WasmInstance;
  compile(bytes: Uint8Array<ArrayBuffer>): Promise<WasmModule>;
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
}

type MemorySize = { readonly shared?: boolean } & (
  | { readonly initial: number; readonly maximum: number }
  | { readonly address: 'i64'; readonly initial: bigint; readonly maximum: bigint }
);

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** Compiled; it can be given to a worker. */
export type WasmModule = object;

/** What a module of kernels imports: the memory, and what takes the number of a signal. */
export interface WasmImports {
  readonly env: { readonly memory: WasmMemory; readonly done: (signal: number) => void };
}

export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

export const engine = (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly;

/** @throws RangeError where the host has not so much; TypeError where the engine has no such addresses */
export function newMemory(pages: number, address: AddressBits, shared: boolean): WasmMemory {
  if (address === 32) return new engine.Memory({ initial: pages, maximum: pages, shared });
  const size = BigInt(pages);
  return new engine.Memory({ address: 'i64', initial: size, maximum: size, shared });
}
