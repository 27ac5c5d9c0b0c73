/** Where a value lies, in bytes. */
export interface Location {
  readonly buffer: number;
  readonly offset: number;
  readonly size: number;
}

/** Offsets of tensors that share a buffer; WebGPU's default and the coarsest that an adapter may ask for. */
export const ALIGNMENT = 256;

export function align(n: number, to: number): number {
  return Math.ceil(n / to) * to;
}
