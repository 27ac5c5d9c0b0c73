import { elementCount } from '../../ir/graph.ts';
import type { KernelBinding, KernelCall, UniformType } from '../../ir/kernel.ts';

const WORKGROUP = 64;
/**
 * Neighbours of a line that a thread computes, so that it finds its line only once: on lavapipe bilinear
 * upsampling took 9.5 ms instead of 33, max pooling 20 instead of 39 (`bench/copy.ts`).
 */
const RUN = 8;

/** A template of this family, writing `y` line by line (its last axis). */
export function perLine(
  template: string,
  options: KernelCall['options'],
  reads: readonly KernelBinding[],
  y: KernelBinding,
  uniforms: readonly (readonly [string, UniformType, number])[],
): KernelCall {
  const width = y.value.shape[y.value.shape.length - 1];
  const lines = elementCount(y.value.shape) / width;
  return {
    template,
    options: { ...options, run: RUN, workgroup: WORKGROUP },
    uniforms: [['lines', 'i32', lines], ...uniforms],
    reads,
    writes: [y],
    workgroups: [Math.ceil((lines * Math.ceil(width / RUN)) / WORKGROUP), 1, 1],
    fusable: y.name,
  };
}
