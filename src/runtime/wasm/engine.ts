/** The part of the engine's WebAssembly that is used here, which neither ECMAScript's nor Node's types declare. */
interface Engine {
  readonly Memory: new (size: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared?: boolean;
  }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: WasmImports) => WasmInstance;
  compile(bytes: Uint8Array<ArrayBuffer>): Promise<WasmModule>;
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
}

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
