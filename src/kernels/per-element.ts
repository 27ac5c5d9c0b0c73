import { elementCount } from '../ir/graph.ts';
import type { KernelBinding, KernelCall, UniformType } from '../ir/kernel.ts';
import type { Target } from '../ir/target.ts';

/** A call of a template with a thread for each element of the one output. */
export function perElement(
  { measured: { workgroup } }: Target,
  template: string,
  options: KernelCall['options'],
  reads: readonly KernelBinding[],
  y: KernelBinding,
  uniforms: readonly (readonly [string, UniformType, number])[],
): KernelCall {
  const count = elementCount(y.value.shape);
  return {
    template,
    options: { ...options, workgroup },
    uniforms: [['count', 'u32', count], ...uniforms],
    reads,
    writes: [y],
    workgroups: Math.ceil(count / workgroup),
    fusable: y.name,
  };
}
