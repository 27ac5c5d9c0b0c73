import fc from 'fast-check';
import { expect, test } from 'vitest';
import { elementCount, stridesOf } from './graph.ts';
import { mergeRuns, paddedRuns, type Run, runLength } from './runs.ts';

/** All places that runs walk through, outermost first: an offset in each tensor. */
function walked(runs: readonly Run[], tensors: number): number[][] {
  return runs.reduce(
    (places, { size, strides }) =>
      places.flatMap((at) => Array.from({ length: size }, (_, i) => at.map((n, t) => n + i * strides[t]))),
    [new Array<number>(tensors).fill(0)],
  );
}

const run = fc.record({
  size: fc.integer({ min: 1, max: 3 }),
  strides: fc.tuple(fc.integer({ min: -4, max: 12 }), fc.integer({ min: 0, max: 12 })),
});

test('merged runs walk through the same places in the same order, and none can be merged further', () => {
  fc.assert(
    fc.property(fc.array(run, { maxLength: 5 }), (runs) => {
      const merged = mergeRuns(runs);
      expect(walked(merged, 2)).toEqual(walked(runs, 2));
      expect(runLength(merged)).toBe(runLength(runs));
      expect(mergeRuns(merged)).toEqual(merged);
      expect(walked(paddedRuns(merged, 6, 2), 2)).toEqual(walked(runs, 2));
    }),
  );
});

test('a tensor in its own order is one run', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 5 }), (shape) => {
      const strides = stridesOf(shape);
      const merged = mergeRuns(shape.map((size, a) => ({ size, strides: [strides[a]] })));
      const count = elementCount(shape);
      expect(merged).toEqual(count === 1 ? [] : [{ size: count, strides: [1] }]);
    }),
  );
});
