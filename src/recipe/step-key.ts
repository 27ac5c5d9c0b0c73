import { Random } from './random.ts';

/** The random key of a step, which decides what drop-path drops: one of 2^64, from a stream of its own. */
export function stepKey(seed: number, t: number): Int32Array {
  const random = Random.stream(seed, 'step', t);
  return Int32Array.of(random.bits(), random.bits());
}
