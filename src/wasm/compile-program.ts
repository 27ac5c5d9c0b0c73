import type { Program } from '../program/program.ts';
import type { KernelModule } from '../runtime/wasm/device.ts';
import type { CompileOptions } from './compile/context.ts';
import { compileKernel } from './compile/kernel.ts';
import type { KernelCache } from './compile/kernel-cache.ts';
import { encodeModule } from './encode/module.ts';

/**
 * The kernels of a program as one module, in their order.
 *
 * @param cache has some of them from before
 * @throws WgslError where a kernel is not supported
 */
export function compileProgram(
  { kernels }: Program,
  options: CompileOptions,
  cache?: KernelCache,
): KernelModule {
  const compiled = kernels.map(({ name, wgsl }) => compileKernel(name, wgsl, options, cache));
  return {
    bytes: encodeModule(compiled),
    scratchBytes: Math.max(0, ...compiled.map((k) => k.scratchBytes)),
  };
}
