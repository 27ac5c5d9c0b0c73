import type { Fixture } from '../parity/fixture.ts';

/** What half precision rounds off of a value, at most, as a share of it. */
export const HALF_EPSILON = 2 ** -11;

/** The nearest number of half precision, ties to even; `x` is within its range. */
export function toHalf(x: number): number {
  // Below 2^-14 numbers lie at equal distances.
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(x))), -14);
  const step = 2 ** (exponent - 10);
  const [below, rest] = [Math.floor(x / step), x / step - Math.floor(x / step)];
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  return x === 0 ? x : (below + Number(up)) * step;
}

/**
 * How far a network's outputs may be off, relative to their largest value: as many times what PyTorch's float32 loses as
 * half precision, with 11 bits, rounds off more than 24 bits. It does so at fewer places, as arithmetic stays in f32.
 */
export function halfTolerance({ info }: Fixture): number {
  return 2 ** (24 - 11) * info.torch_float32_error_relative_to_max;
}
