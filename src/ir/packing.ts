import { elementCount, type Shape } from './graph.ts';

/** Offsets into a buffer are multiples of so many bytes: WebGPU's default, and the coarsest that an adapter may ask for. */
export const OFFSET_ALIGNMENT = 256;

/** The op `pack` starts each tensor at a multiple of so many elements, so that it can be bound by itself. */
export const PACK_ALIGNMENT = OFFSET_ALIGNMENT / 4;

/** The least multiple of `step` that is not below `n`. */
export function roundUp(n: number, step: number): number {
  return Math.ceil(n / step) * step;
}

/** Where packed tensors of so many elements start, in elements, and how long their pack is. */
export function packed(counts: readonly number[]): { readonly starts: number[]; readonly length: number } {
  let length = 0;
  const starts = counts.map((n) => {
    const start = length;
    length += roundUp(n, PACK_ALIGNMENT);
    return start;
  });
  return { starts, length };
}

/** Elements of the pack of tensors. */
export const packLength = (shapes: readonly Shape[]): number => packed(shapes.map(elementCount)).length;
