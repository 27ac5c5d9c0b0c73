import { expect, it } from 'vitest';
import { isLabelling, type Labelling, labellingOf, targetOfLabels } from './labelling.ts';

const right: Labelling = {
  classes: [0, 1, 2].map((value) => ({ name: String(value), value })),
  regions: [
    { name: 'all', values: [1, 2], painted: 1 },
    { name: 'inner', values: [2], painted: 2 },
  ],
  ignore: 3,
};

it('knows a labelling whose parts belong together', () => {
  const { classes } = right;
  expect([right, { classes }, { classes, ignore: 255 }].map(isLabelling)).toEqual([true, true, true]);
  const [all, inner] = right.regions!;
  const wrong = [
    {},
    { classes: [{ name: 'a', value: 1.5 }] },
    { classes: [null] },
    { ...right, ignore: 2 },
    { ...right, ignore: '3' },
    { ...right, regions: [] },
    { ...right, regions: [all, { ...inner, painted: 3 }] },
    { ...right, regions: [all, { ...inner, values: [0] }] },
    { ...right, regions: [all, { name: 'x', painted: 1 }] },
  ];
  expect(wrong.map(isLabelling)).toEqual(wrong.map(() => false));
});

it('takes nothing else with it, and leaves out what is not there', () => {
  const more = { ...right, name: 'x' };
  expect(labellingOf(more)).toEqual(right);
  expect(Object.keys(labellingOf({ classes: right.classes }))).toEqual(['classes']);
});

it('31 regions are too many for a target', () => {
  const regions = Array.from({ length: 31 }, () => right.regions![0]);
  expect(() => targetOfLabels({ ...right, regions })).toThrow(/31 regions/);
});
