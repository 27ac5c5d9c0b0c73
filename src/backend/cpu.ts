import type { Renderer } from '../../codegen/render.ts';
import type { OpTable } from '../ir/op.ts';
import { addressBits, cpuTarget, narrowCpuTarget } from '../kernels/targets.ts';
import type { Program } from '../program/program.ts';
import { hasMemory64, hasRelaxedSimd, MEMORY64_ENGINES } from '../runtime/wasm/compile-module.ts';
import { threadsFor } from '../runtime/wasm/device.ts';
import { briefly } from '../runtime/wasm/engine-flags.ts';
import { WasmSession } from '../runtime/wasm/wasm-session.ts';
import type { KernelCache } from '../wasm/compile/kernel-cache.ts';
import { compileProgram } from '../wasm/compile-program.ts';
import { type KernelBackend, type KernelOptions, preparing } from './kernels.ts';

export interface CpuOptions extends KernelOptions {
  /**
   * That kernels run in, at most 16; by default as many as there are cores. 0: kernels run in the caller's thread, as they
   * do where no memory can be shared. Results do not depend on it.
   */
  readonly threads?: number;
  /**
   * Multiplies and adds with a rounding each: the same bits on every machine and engine. Else both are rounded at once
   * where the processor can.
   */
  readonly deterministic?: boolean;
  /** Keeps translated kernels from one run to the next. */
  readonly cache?: KernelCache;
}

/**
 * Kernels as WebAssembly on the processor: nothing has to be installed for it.
 *
 * @throws RuntimeError `wasm-threads` where so many threads cannot be had
 */
export function cpuBackend(
  ops: OpTable,
  renderer: Renderer,
  { threads: wanted, deterministic = false, cache, ...options }: CpuOptions = {},
): KernelBackend<WasmSession> {
  const threads = threadsFor(wanted);
  const relaxed = !deterministic && hasRelaxedSimd();
  const target = hasMemory64() ? cpuTarget : narrowCpuTarget(MEMORY64_ENGINES);
  const translation = (program: Program) =>
    ({ bounds: 'trusted', relaxed, address: addressBits(program) }) as const;
  const count = threads === 0 ? 'no thread of its own' : `${threads} thread${threads === 1 ? '' : 's'}`;
  const manner = deterministic ? ', deterministic' : relaxed ? ', relaxed SIMD' : ', SIMD';
  return {
    name: 'cpu',
    description: `CPU, ${count}${manner}`,
    target,
    prepare: preparing(ops, renderer, target, options, (program) =>
      WasmSession.create(
        program,
        briefly(() => compileProgram(program, translation(program), cache)),
        { threads },
      ),
    ),
    profile: ({ session }, entries) => session.profile(...entries),
    destroy: () => {},
  };
}
