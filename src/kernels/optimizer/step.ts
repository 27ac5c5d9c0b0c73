import { elementCount, type Value } from '../../ir/graph.ts';
import type { KernelCall, UniformType } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';

/**
 * The call of an in-place step. `arrays` are its outputs, which hold the operands' values before the kernel runs.
 */
export function stepCall(
  { kind, measured: { workgroup, perThread } }: Target,
  template: string,
  arrays: Readonly<Record<string, Value>>,
  reads: Readonly<Record<string, Value>>,
  options: Readonly<Record<string, boolean>>,
  uniforms: readonly (readonly [string, UniformType, number])[],
): KernelCall {
  const count = elementCount(reads['grads'].shape);
  return {
    template,
    // Neighbours are a thread's own where no others run beside it.
    options: {
      ...options,
      workgroup,
      per_thread: perThread,
      neighbours: kind === 'cpu',
      functions: 'not_finite',
    },
    uniforms: [['count', 'u32', count], ...uniforms],
    reads: Object.entries(reads).map(([name, value]) => ({ name, value })),
    writes: Object.entries(arrays).map(([name, value]) => ({ name, value, readWrite: true })),
    workgroups: Math.ceil(count / (workgroup * perThread)),
  };
}
