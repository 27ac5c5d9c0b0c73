import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlanError } from './plan-error.ts';
import { foldWorkgroups } from './workgroups.ts';

test('workgroups beyond the limit are folded: all are there, at most a tenth of them idle', () => {
  const grids = fc
    .integer({ min: 100, max: 65535 })
    .chain((most) => fc.tuple(fc.constant(most), fc.integer({ min: 1, max: most * most })));
  fc.assert(
    fc.property(grids, ([most, count]) => {
      const [x, y, z] = foldWorkgroups(count, { maxComputeWorkgroupsPerDimension: most }, 'copy');
      expect(Math.max(x, y)).toBeLessThanOrEqual(most);
      expect(x * y).toBeGreaterThanOrEqual(count);
      expect(x * y).toBeLessThanOrEqual(1.1 * count);
      expect(z).toBe(1);
      if (count <= most) expect([x, y]).toEqual([count, 1]);
    }),
    { seed: 20261126, numRuns: 1000 },
  );
});

test('what no device can count is refused by name', () => {
  const limits = { maxComputeWorkgroupsPerDimension: 10 };
  expect(foldWorkgroups(100, limits, 'copy')).toEqual([10, 10, 1]);
  expect(() => foldWorkgroups(101, limits, 'copy')).toThrow(PlanError);
  expect(() => foldWorkgroups(101, limits, 'copy')).toThrow(/copy needs 101 workgroups, at most 10×10/);
});
