import { expect, test } from 'vitest';
import { stepKey } from './step-key.ts';

test('no two steps of any runs have the same random key', () => {
  // Seeds that agree in their low 32 bits, neighbours, and pairs that a sum of products would confuse.
  const seeds = [0, 1, 2, 65_537, 2 ** 31, 2 ** 32, 2 ** 37, 2 ** 37 + 1, 2 ** 40 + 3, 2 ** 53 - 1];
  const keys = new Set<string>();
  let pairs = 0;
  for (const seed of seeds) {
    for (const first of [1, 65_537, 2 ** 31 - 1000]) {
      for (let t = first; t < first + 1000; t++, pairs++) keys.add(stepKey(seed, t).join());
    }
  }
  expect(keys.size).toBe(pairs);
});

test('a key is a function of seed and step alone, of two words that both vary', () => {
  expect(stepKey(7, 3)).toEqual(stepKey(7, 3));
  const words = [0, 1].map((i) => new Set(Array.from({ length: 100 }, (_, t) => stepKey(7, t)[i])).size);
  expect(words).toEqual([100, 100]);
});
