import type { Fixture } from '../parity/fixture.ts';

/** What half precision rounds off of a value, at most, as a share of it. */
export const HALF_EPSILON = 2 ** -11;

/**
 * How far a network's outputs may be off, relative to their largest value: as many times what PyTorch's float32 loses as
 * half precision, with 11 bits, rounds off more than 24 bits. It does so at fewer places, as arithmetic stays in f32.
 */
export function halfTolerance({ info }: Fixture): number {
  return 2 ** (24 - 11) * info.torch_float32_error_relative_to_max;
}
