import type { Random } from '../../recipe/random.ts';

/**
 * What is drawn for each channel of a sample, `undefined` for those that stay as they are: the sample is changed with
 * `probability`, and then each of its channels with `channels`.
 */
export function drawChannels<T>(
  count: number,
  { probability, channels }: { readonly probability: number; readonly channels: number },
  random: Random,
  draw: () => T,
): (T | undefined)[] {
  const changed = random.chance(probability);
  return Array.from({ length: count }, () => (changed && random.chance(channels) ? draw() : undefined));
}
