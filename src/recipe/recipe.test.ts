import { describe, expect, test } from 'vitest';
import { families } from './index.ts';
import { hyperParameters, type OptimizerSpec, optimizers } from './optimizers.ts';
import { learningRate, type ScheduleSpec, scheduleOf, schedules } from './schedules.ts';
import { inRange, rangeText, withDefaults } from './setting.ts';
import { type Supervision, supervisions } from './supervision.ts';

const settings = families.flatMap(({ kind, forms }) =>
  Object.entries(forms).flatMap(([form, { args }]) =>
    Object.entries(args).map(([name, setting]) => ({ name: `${kind} ${form}: ${name}`, setting })),
  ),
);

test.each(settings)('the default of $name is one that could be given', ({ setting }) => {
  const { type, otherwise, range, choices, length, needed } = setting;
  if (needed) expect(otherwise).toBeUndefined();
  if (otherwise === undefined) return;
  if (type === 'word') expect(choices).toContain(otherwise);
  else if (type === 'flag') expect(otherwise).toBe(false);
  else {
    const numbers = [otherwise as number | number[]].flat();
    for (const n of numbers) expect(inRange(n, range)).toBe(true);
    if (type === 'numbers') expect(numbers).toHaveLength(length!);
    if (type === 'whole') expect(numbers.every(Number.isInteger)).toBe(true);
  }
});

test.each([
  [{}, [], ''],
  [{ least: 0 }, [-1e-9], 'at least 0'],
  [{ above: 0 }, [0], 'more than 0'],
  [{ least: 0, most: 1 }, [-0.1, 1.1], 'between 0 and 1'],
  [{ least: 0, below: 1 }, [-0.1, 1], 'at least 0 and less than 1'],
])('%j as text, and what lies outside', (range, outside, text) => {
  expect(rangeText(range)).toBe(text);
  expect(inRange(0.5, range)).toBe(true);
  for (const n of outside) expect(inRange(n, range)).toBe(false);
});

describe('hyper', () => {
  const { adamw, sgd } = optimizers;

  test("holds the rate and Adam's corrections", () => {
    const spec = { kind: 'adamw', ...withDefaults(adamw.args, { lr: 1, betas: [0.5, 0.75] }) } as const;
    expect([...hyperParameters(spec, 0.25, 1)]).toEqual([0.25, 0.5, 0.25, 0, 0, 0, 0, 0]);
    expect([...hyperParameters(spec, 0.25, 2)]).toEqual([0.25, 0.75, 0.4375, 0, 0, 0, 0, 0]);
  });

  test('tells SGD which step is the first', () => {
    const spec: OptimizerSpec = { kind: 'sgd', ...withDefaults(sgd.args, { lr: 1 }) };
    expect([...hyperParameters(spec, 0.5, 1)]).toEqual([0.5, 0, 0, 1, 0, 0, 0, 0]);
    expect([...hyperParameters(spec, 0.5, 2)]).toEqual([0.5, 0, 0, 0, 0, 0, 0, 0]);
  });
});

test.each(Object.keys(schedules) as ScheduleSpec['kind'][])('%s begins at the rate that is given', (kind) => {
  const spec = { kind, ...withDefaults(schedules[kind].args, {}) } as ScheduleSpec;
  expect(learningRate(spec, 0.125, 0, 10)).toBe(0.125);
  const rates = (steps: number) => [1, 2, 5].map((t) => learningRate(spec, 0.125, t, steps));
  if (scheduleOf(spec).steady) expect(rates(10)).toEqual(rates(20));
  else expect(rates(10)).not.toEqual(rates(20));
  if (!('warmup' in spec)) return;
  const warm = { ...spec, warmup: 4 };
  expect([0, 1, 2, 3].map((t) => learningRate(warm, 1, t, 10))).toEqual([0.25, 0.5, 0.75, 1]);
});

test.each([
  ['halving', { last: undefined }, 3, [1, 0.5, 0.25]],
  ['halving', { last: 0 }, 3, [1, 0.5, 0]],
  ['halving', { last: 0 }, 1, [1]],
  ['weights', { values: [3, 1] }, 2, [3, 1]],
] as const)('%s(%j) of %i outputs', (kind, args, outputs, weights) => {
  expect((supervisions[kind] as Supervision).weigh(args, outputs)).toEqual(weights);
});
