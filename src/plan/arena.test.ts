import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Lifetime, layOut, together } from './arena.ts';

const lifetimes: fc.Arbitrary<Lifetime[]> = fc.array(
  fc
    .record({
      size: fc.oneof(fc.integer({ min: 4, max: 5000 }), fc.constant(1024)),
      entry: fc.nat(2),
      from: fc.nat(20),
      length: fc.nat(8),
      kept: fc.boolean(),
    })
    .map(({ length, ...life }) => ({ ...life, to: life.from + length })),
  { maxLength: 40 },
);

const up = (n: number) => Math.ceil(n / 256) * 256;

test('values that are alive at once lie apart, within the arenas', () => {
  fc.assert(
    fc.property(lifetimes, fc.constantFrom(Number.POSITIVE_INFINITY, 8192, 300), (values, most) => {
      const { sizes, slots } = layOut(values, most);
      values.forEach((a, i) => {
        const { arena, offset } = slots[i];
        expect(offset % 256).toBe(0);
        expect(offset + up(a.size)).toBeLessThanOrEqual(sizes[arena]);
        for (let k = 0; k < i; k++) {
          if (slots[k].arena !== arena || !together(values[k], a)) continue;
          const apart = slots[k].offset + values[k].size <= offset || offset + a.size <= slots[k].offset;
          expect(apart).toBe(true);
        }
      });
      // No arena is larger than allowed, but for one value that is larger itself.
      for (const size of sizes)
        expect(size).toBeLessThanOrEqual(Math.max(most, ...values.map((v) => up(v.size))));
      expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(
        values.reduce((n, v) => n + up(v.size), 0),
      );
    }),
    { seed: 20261126, numRuns: 300 },
  );
});

test('two that are never alive at once share their bytes; kept ones share with no other entry', () => {
  const value = (entry: number, from: number, to: number, kept = false, size = 1000): Lifetime => {
    return { size, entry, from, to, kept };
  };
  expect(layOut([value(0, 0, 1), value(0, 2, 3), value(1, 0, 9)], 1e9).sizes).toEqual([1024]);
  expect(layOut([value(0, 0, 1, true), value(0, 2, 3), value(1, 0, 9)], 1e9).sizes).toEqual([2048]);
  // What is written by the unit that reads another is alive with it.
  expect(layOut([value(0, 0, 1), value(0, 1, 2)], 1e9).sizes).toEqual([2048]);
  // The last lies where the second did.
  const best = [value(0, 0, 9, false, 4000), value(0, 0, 3, false, 2000), value(0, 0, 9, false, 3000)];
  expect(layOut([...best, value(0, 4, 9, false, 2000)], 1e9).sizes).toEqual([4096 + 2048 + 3072]);
  expect(layOut([], 1e9)).toEqual({ sizes: [], slots: [] });
});
