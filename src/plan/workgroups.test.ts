import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlanError } from './plan-error.ts';
import { foldWorkgroups } from './workgroups.ts';

test('flat grids beyond the limit are folded: all groups are there, at most a tenth of them idle', () => {
  const grids = fc
    .integer({ min: 100, max: 65535 })
    .chain((most) =>
      fc.tuple(fc.constant(most), fc.integer({ min: 1, max: most * most }), fc.integer({ min: 1, max: 9 })),
    );
  fc.assert(
    fc.property(grids, ([most, count, z]) => {
      const [x, y, depth] = foldWorkgroups([count, 1, z], { maxComputeWorkgroupsPerDimension: most }, 'copy');
      expect(Math.max(x, y)).toBeLessThanOrEqual(most);
      expect(x * y).toBeGreaterThanOrEqual(count);
      expect(x * y).toBeLessThanOrEqual(1.1 * count);
      expect(depth).toBe(z);
      if (count <= most) expect([x, y]).toEqual([count, 1]);
    }),
    { seed: 20261126, numRuns: 1000 },
  );
});

test('what cannot be folded is refused by name', () => {
  const limits = { maxComputeWorkgroupsPerDimension: 10 };
  expect(foldWorkgroups([100, 1, 1], limits, 'copy')).toEqual([10, 10, 1]);
  for (const grid of [
    [101, 1, 1],
    [11, 2, 1],
    [1, 11, 1],
    [1, 1, 11],
  ] as const) {
    expect(() => foldWorkgroups(grid, limits, 'copy')).toThrow(PlanError);
    expect(() => foldWorkgroups(grid, limits, 'copy')).toThrow(/copy needs .* at most 10 a dimension/);
  }
});
