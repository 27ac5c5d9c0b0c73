import type { Target } from '../ir/target.ts';

/**
 * Threads of a workgroup of which each takes so many elements: as many as the target says, or fewer where they would take
 * too much together. A power of two, so that kernels are few.
 */
export function threadsOf({ measured: { workgroup, perWorkgroup } }: Target, each: number): number {
  if (each * workgroup <= perWorkgroup) return workgroup;
  return 1 << (31 - Math.clz32(Math.max(1, perWorkgroup / each)));
}

/** Elements that each thread takes where a workgroup takes as many as the target says. */
export function perThread({ measured: { workgroup, perWorkgroup } }: Target): number {
  return Math.ceil(perWorkgroup / workgroup);
}
