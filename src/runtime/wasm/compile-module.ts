import { RuntimeError } from '../runtime-error.ts';
import { engine, type WasmModule } from './engine.ts';
import { setFlags } from './engine-flags.ts';

/** A module with one `f32x4.relaxed_madd`. */
const RELAXED = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  // A function of three vectors that gives one.
  ...[1, 8, 1, 0x60, 3, 0x7b, 0x7b, 0x7b, 1, 0x7b],
  ...[3, 2, 1, 0],
  ...[10, 13, 1, 11, 0, 0x20, 0, 0x20, 1, 0x20, 2, 0xfd, 0x85, 2, 0x0b],
);

/** A module that makes a vector. */
const SIMD = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 5, 1, 0x60, 0, 1, 0x7b],
  ...[3, 2, 1, 0],
  ...[10, 8, 1, 6, 0, 0x41, 0, 0xfd, 0x0f, 0x0b],
);

/** A module with a memory whose addresses have 64 bits. */
const MEMORY64 = Uint8Array.of(...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], ...[5, 3, 1, 4, 0]);

/** Engines that have them, for messages. */
export const MEMORY64_ENGINES =
  'an engine with addresses of 64 bits: Node 24, Chrome 133, Firefox 134 or newer';

/** Whether the engine takes modules whose addresses have 64 bits. */
export function hasMemory64(): boolean {
  return engine.validate(MEMORY64);
}

/** Whether the engine takes kernels at all: all are written for vectors of four numbers. */
export function hasSimd(): boolean {
  return engine.validate(SIMD);
}

/**
 * Whether the engine takes modules with relaxed SIMD: multiply-add with one rounding, where the processor has it. Node 20
 * has it behind a flag, which is set here, for the whole process: it changes no other module, as none could use it before.
 */
export function hasRelaxedSimd(): boolean {
  if (engine.validate(RELAXED)) return true;
  setFlags('--experimental-wasm-relaxed-simd');
  return engine.validate(RELAXED);
}

/**
 * Compiles a module of kernels.
 *
 * In Node, V8 is told to make its best code of each function at once: by default it first makes plain code, function by
 * function as they are called, which the first run then goes through. The flags hold for the process, hence only while
 * the module is compiled, which is done without a break. Browsers do as they please.
 *
 * @throws RuntimeError `wasm-refused` where the engine lacks an instruction, or the bytes are no module
 */
export async function compileModule(bytes: Uint8Array<ArrayBuffer>): Promise<WasmModule> {
  try {
    if (!setFlags('--no-liftoff', '--no-wasm-lazy-compilation')) return await engine.compile(bytes);
    try {
      return new engine.Module(bytes);
    } finally {
      setFlags('--liftoff', '--wasm-lazy-compilation');
    }
  } catch (error) {
    throw new RuntimeError('wasm-refused', `the engine refuses the kernels: ${(error as Error).message}`);
  }
}
