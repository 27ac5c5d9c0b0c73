import { elementCount } from '../../ir/graph.ts';
import type { KernelBinding, KernelCall, UniformType } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import { threadsOf } from '../threads.ts';

/** A template of this family, writing `y` line by line (its last axis). */
export function perLine(
  { measured: { lineRun, workgroup } }: Target,
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
    options: { ...options, run: lineRun, workgroup },
    uniforms: [['lines', 'i32', lines], ...uniforms],
    reads,
    writes: [y],
    workgroups: Math.ceil((lines * Math.ceil(width / lineRun)) / workgroup),
    fusable: y.name,
  };
}

/** A template of which a thread takes a whole line. */
export function wholeLine(target: Target, call: KernelCall, width: number): KernelCall {
  const workgroup = threadsOf(target, width);
  const [y] = call.writes;
  const lines = elementCount(y.value.shape) / y.value.shape[y.value.shape.length - 1];
  return { ...call, options: { ...call.options, workgroup }, workgroups: Math.ceil(lines / workgroup) };
}
