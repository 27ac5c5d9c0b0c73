import { expect, it } from 'vitest';
import { overlapping, targetOf, targetValues } from './target.ts';

const disjoint = [
  { name: 'background', classes: [0] },
  { name: 'tumour', classes: [1, 3] },
];
const nested = [
  { name: 'whole', classes: [1, 2, 3] },
  { name: 'core', classes: [2, 3] },
];

it('groups without a class in common are classes; what is in none is ignored', () => {
  expect(overlapping(disjoint)).toBe(false);
  const target = targetOf(disjoint, 4);
  expect(target).toEqual({
    names: ['background', 'tumour'],
    regions: false,
    values: Int32Array.of(0, 1, -1, 1),
  });
  expect([...targetValues(target, [0, 1, 2, 3, -1, -2])]).toEqual([0, 1, -1, 1, -1, -1]);
});

it('groups that overlap are regions, a bit each; what is in none has no bit', () => {
  expect(overlapping(nested)).toBe(true);
  const target = targetOf(nested, 4);
  expect(target).toEqual({ names: ['whole', 'core'], regions: true, values: Int32Array.of(0, 1, 3, 3) });
  expect([...targetValues(target, [0, 1, 2, 3, -1, -2])]).toEqual([0, 1, 3, 3, -1, -1]);
});

it('groups may be regions though they do not overlap, but no classes where they do', () => {
  expect([...targetOf(disjoint, 4, true).values]).toEqual([1, 2, 0, 2]);
  expect(() => targetOf(nested, 4, false)).toThrow(RangeError);
});

it('a target has 30 regions at most', () => {
  const groups = Array.from({ length: 31 }, (_, i) => ({ name: `r${i}`, classes: [1] }));
  expect(() => targetOf(groups, 2)).toThrow(/31 regions; a target has a bit for each, 30 at most/);
  expect(targetOf(groups.slice(0, 30), 2).values[1]).toBe(2 ** 30 - 1);
});
