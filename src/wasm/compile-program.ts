import type { Program } from '../program/program.ts';
import type { KernelModule } from '../runtime/wasm/device.ts';
import type { CompileOptions } from './compile/context.ts';
import { compileKernel } from './compile/kernel.ts';
import type { KernelCache } from './compile/kernel-cache.ts';
import { encodeModule } from './encode/module.ts';
import { checkModule } from './wgsl/check-module.ts';
import type { ModuleTree } from './wgsl/tree.ts';

/**
 * The kernels of a program as one module, in their order.
 *
 * @param cache has some of them from before
 * @throws WgslError where a kernel is not supported
 */
export function compileProgram(program: Program, options: CompileOptions, cache?: KernelCache): KernelModule {
  return compileProgramFor(program, [options], cache)[0];
}

/** The same by each of these options: a module each. Texts are read and checked once for all of them. */
export function compileProgramFor(
  { kernels }: Program,
  options: readonly CompileOptions[],
  cache?: KernelCache,
): KernelModule[] {
  const compiled = kernels.map(({ name, wgsl }) => {
    let tree: ModuleTree | undefined;
    const checked = () => (tree ??= checkModule(wgsl));
    return options.map((one) => compileKernel(name, wgsl, one, cache, checked));
  });
  return options.map((_, k) => {
    const those = compiled.map((each) => each[k]);
    const { address = 32 } = options[k];
    const scratchBytes = Math.max(0, ...those.map((c) => c.scratchBytes));
    return { bytes: encodeModule(those, address), scratchBytes, address };
  });
}
