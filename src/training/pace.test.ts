import { expect, test } from 'vitest';
import { Budget, Pace } from './pace.ts';

/** A run on a clock of its own: `cost(t)` is what step t takes, `every` and `aside` what checkpoints do. */
function simulate(
  seconds: number,
  asked: number,
  cost: (t: number) => number,
  { setUp = 0, every = Number.POSITIVE_INFINITY, aside = 0 } = {},
) {
  let now = setUp;
  const pace = new Pace(now);
  const budget = new Budget(seconds * 1000, asked);
  const plans: number[] = [];
  let steps = asked;
  let t = 0;
  while (t < steps) {
    t++;
    now += cost(t);
    pace.step(now);
    if (t % every === 0) {
      now += aside;
      pace.beside(aside);
    }
    const next = budget.plan(steps, t, t, now, pace);
    if (next !== steps) plans.push(next);
    steps = next;
  }
  return { seconds: now / 1000, steps: t, plans };
}

const within = (seconds: number, budget: number) => {
  expect(seconds).toBeGreaterThan(0.9 * budget);
  expect(seconds).toBeLessThan(1.1 * budget);
};

test.each([
  ['steady steps', () => 450, {}],
  ['a first step that compiles for 40 s', (t: number) => (t === 1 ? 40_000 : 450), { setUp: 9000 }],
  ['a machine that gets busy after a minute', (t: number) => (t < 130 ? 450 : 1200), {}],
  ['one that gets idle', (t: number) => (t < 60 ? 1500 : 300), {}],
  ['times that jump about', (t: number) => 200 + ((t * 7919) % 13) * 60, {}],
  ['checkpoints and validations that take long', () => 300, { every: 50, aside: 8000 }],
  ['few slow steps', () => 9000, {}],
  ['very many fast steps', () => 4, {}],
] as const)('a budget of 270 s is kept to 10 %% with %s', (_, cost, more) => {
  const { seconds, steps } = simulate(270, 1_000_000, cost, more);
  within(seconds, 270);
  expect(steps).toBeGreaterThan(0);
});

test('a run that fits its budget is not shortened, and never lengthened beyond what was asked', () => {
  expect(simulate(270, 100, () => 450)).toEqual({ seconds: 45, steps: 100, plans: [] });
  expect(simulate(270, 200, (t) => (t < 20 ? 3000 : 10)).steps).toBe(200);
});

test('the plan is changed a few times, not with every step', () => {
  expect(simulate(270, 1800, () => 450).plans.length).toBeLessThan(4);
});

test('there is no estimate until the first steps are over, and they do not count', () => {
  const pace = new Pace(0);
  let now = 0;
  for (const took of [100_000, 5000, 10, 10]) {
    now += took;
    pace.step(now);
    expect(pace.perStep).toBeUndefined();
  }
  pace.step(now + 10);
  expect(pace.perStep).toBeCloseTo(10, 9);
});

test('says when the step in work should be finished', () => {
  const pace = new Pace(0);
  for (const now of [500, 900]) pace.step(now);
  expect(pace.untilNext(900)).toBe(0); // nothing is known yet
  pace.step(1000);
  pace.step(1100);
  expect(pace.untilNext(1130)).toBeCloseTo(70, 9);
  expect(pace.untilNext(1500)).toBe(0);
});

test('a step that stalls does not make the next ones wait', () => {
  const pace = new Pace(0);
  let now = 0;
  for (const took of [100, 100, 100, 100, 100, 3_600_000]) pace.step((now += took));
  expect(pace.untilNext(now)).toBeCloseTo(100, 9);
});
