import type { CompileOptions } from './context.ts';
import type { CompiledKernel } from './kernel.ts';

/**
 * What keeps compiled kernels from one run to the next: gives the kernel that was compiled of the same text with the same
 * options, else what `compile` makes of it. Names are no part of it: the kernel has any.
 */
export type KernelCache = (
  wgsl: string,
  options: CompileOptions,
  compile: () => CompiledKernel,
) => Omit<CompiledKernel, 'name'>;
