import { expect, it } from 'vitest';
import { Random } from '../recipe/random.ts';
import { squaredDistances, type Triple } from './distance-transform.ts';

/** The definition: the least over all marked points. */
function byDefinition([depth, height, width]: Triple, spacing: Triple, marked: readonly number[]): number[] {
  const place = (i: number) => [
    Math.floor(i / (height * width)) * spacing[0],
    (Math.floor(i / width) % height) * spacing[1],
    (i % width) * spacing[2],
  ];
  return Array.from({ length: depth * height * width }, (_, i) => {
    const [z, y, x] = place(i);
    return Math.min(
      ...marked.map((m) => {
        const [mz, my, mx] = place(m);
        return (z - mz) ** 2 + (y - my) ** 2 + (x - mx) ** 2;
      }),
    );
  });
}

const shapes: Triple[] = [
  [1, 1, 1],
  [1, 1, 17],
  [1, 9, 1],
  [6, 1, 7],
  [1, 14, 11],
  [7, 9, 8],
];
const spacings: Triple[] = [
  [1, 1, 1],
  [2.5, 1.25, 0.8],
  [0.01, 3, 100],
];

it.each(shapes.flatMap((shape) => spacings.map((spacing) => [shape, spacing] as const)))(
  'distances on a grid of %j with steps of %j are the least of all',
  (shape, spacing) => {
    const random = Random.stream(7, ...shape, ...spacing.map((s) => Math.round(s * 100)));
    const points = shape[0] * shape[1] * shape[2];
    for (const share of [0, 0.01, 0.2, 1]) {
      const marked = Array.from({ length: points }, (_, i) => i).filter(() => random.chance(share));
      if (share === 0.01) marked.push(random.integer(0, points));
      const found = squaredDistances(shape, spacing, marked);
      // Float64 in both; only the order of the operations differs.
      for (const [i, expected] of byDefinition(shape, spacing, marked).entries()) {
        if (expected === Number.POSITIVE_INFINITY) expect(found[i]).toBe(expected);
        else expect(Math.abs(found[i] - expected)).toBeLessThanOrEqual(1e-12 * expected);
      }
    }
  },
);

it('whole steps give whole distances', () => {
  expect([...squaredDistances([1, 1, 6], [1, 1, 1], [1])]).toEqual([1, 0, 1, 4, 9, 16]);
  expect([...squaredDistances([1, 3, 3], [1, 2, 1], [0])]).toEqual([0, 1, 4, 4, 5, 8, 16, 17, 20]);
});
