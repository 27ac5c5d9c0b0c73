import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { cosPi, exponentOf, isPowerOfTwo, log, pow, scale } from '../../src/math.ts';
import { Random } from '../../src/recipe/random.ts';
import { functions, results } from './bits.ts';
import { fixed, truths, unitsOff } from './truth.ts';

type Name = keyof typeof functions;

/** SHA-256 of {@link results}: as Node 20, 22 and 24 compute them. */
const DIGEST = 'f32ebf105725f4662aea378aca09c02a5a05373c79c59435cbc90131b4989bfb';

const random = Random.stream(1, 'arguments of functions');
/** Numbers of either sign from 2^low to 2^high, all powers of two alike. */
const spread = (low: number, high: number) => () =>
  (random.chance(0.5) ? -1 : 1) * random.uniform(1, 2) * scale(1, random.integer(low, high));
const positive = (draw: () => number) => () => Math.abs(draw());
const draws = (n: number, draw: () => number): number[] => Array.from({ length: n }, draw);

const half = Math.LN2 / 2;
/** Where the ways that numbers take part, and the next ones on either side. */
const near = (...points: number[]) => points.flatMap((x) => [x, x * (1 - 2 ** -53), x * (1 + 2 ** -52)]);

/** Arguments, in regions where the functions differ. */
const samples: Record<Name, readonly number[]> = {
  exp: [
    ...draws(200, () => random.uniform(-1, 1)),
    ...draws(200, () => random.uniform(-745, 709.7)),
    ...draws(50, spread(-60, 0)),
    ...near(half, -half, 3 * half, -3 * half, -708.4, 709.78, -745.1),
  ],
  expm1: [
    ...draws(300, () => random.uniform(-2, 2)),
    ...draws(100, () => random.uniform(-45, 709.7)),
    ...draws(50, spread(-300, 0)),
    ...near(half, -half, 3 * half, -3 * half, 5 * half, -5 * half),
  ],
  log: [
    ...draws(300, () => random.uniform(0.5, 2)),
    ...draws(150, positive(spread(-1074, 1024))),
    ...draws(50, () => 1 + spread(-52, -2)()),
    ...near(Math.SQRT2, Math.SQRT1_2, 2, 0.5, 1),
    ...[5e-324, 1.7976931348623157e308],
  ],
  log1p: [
    ...draws(300, () => random.uniform(-0.99, 3)),
    ...draws(100, positive(spread(-300, 1000))),
    ...draws(50, () => -Math.abs(spread(-60, -1)())),
    ...near(Math.SQRT2 - 1, Math.SQRT1_2 - 1, 1, -0.5),
  ],
  tanh: [
    ...draws(300, () => random.uniform(-2, 2)),
    ...draws(100, () => random.uniform(-22, 22)),
    ...draws(50, spread(-100, 0)),
    ...near(half / 2, 1.5 * half, 19, 22),
  ],
  cosPi: [
    ...draws(300, () => random.uniform(-2, 2)),
    ...draws(100, () => random.uniform(-1000, 1000)),
    ...draws(50, () => 0.5 + spread(-40, -3)()),
    ...draws(50, spread(-40, 60)),
    ...near(0.25, 0.75, 1.25, 1.75),
  ],
};

const names = Object.keys(functions) as Name[];

test.each(names)('%s is within a unit in the last place of the truth', (name) => {
  const worst = Math.max(...samples[name].map((x) => unitsOff(functions[name](x), truths[name](fixed(x)))));
  // Rounding the truth itself takes up to 1/2.
  expect(worst).toBeGreaterThan(0.4);
  expect(worst).toBeLessThan(1);
});

describe('pow', () => {
  const pairs = [
    ...draws(300, () => random.uniform(0, 1)).map((x) => [x, random.uniform(0, 3)]),
    ...draws(200, positive(spread(-1000, 1000))).map((x) => [x, random.uniform(-1, 1)]),
    ...draws(100, () => 1 + spread(-40, -2)()).map((x) => [
      x,
      Math.abs(700 / log(x)) * random.uniform(-1, 1),
    ]),
    // Adam's corrections and the schedule `poly`.
    ...[1, 2, 10, 1000, 123_456].flatMap((t) => [0.9, 0.95, 0.999, 0.99].map((b) => [b, t])),
    ...draws(100, () => random.uniform(0, 1)).map((x) => [x, 0.9]),
    ...[32, 48, 96].map((x) => [x, -0.5]),
  ].filter(([x, y]) => Math.abs(y * log(x)) < 744);

  test('is within a unit in the last place of the truth', () => {
    const off = pairs.map(([x, y]) => unitsOff(pow(x, y), truths.pow(fixed(x), fixed(y))));
    expect(pairs.length).toBeGreaterThan(500);
    expect(Math.max(...off)).toBeGreaterThan(0.4);
    expect(Math.max(...off)).toBeLessThan(1);
  });

  test('of whole numbers is exact', () => {
    for (let x = 2n; x < 1000n; x++) {
      const powers = [1n];
      while (powers.at(-1)! * x < 2n ** 53n) powers.push(powers.at(-1)! * x);
      expect(powers.map((_, n) => pow(Number(x), n))).toEqual(powers.map(Number));
    }
    const exponents = Array.from({ length: 2098 }, (_, i) => i - 1074);
    expect(exponents.map((n) => pow(2, n))).toEqual(exponents.map((n) => scale(1, n)));
  });

  test('is what ECMAScript says where there is no truth', () => {
    const numbers = [0, -0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, Infinity, -Infinity, NaN, 1e300, -1e300];
    for (const x of numbers) {
      for (const y of numbers) {
        const expected = x ** y;
        const got = pow(x, y);
        if (Number.isFinite(expected) && expected !== 0) expect(got).toBeCloseTo(expected, 14);
        else expect(got, `${x} ** ${y}`).toBe(expected);
      }
    }
  });
});

test('functions of what is no finite number, or where they have an end', () => {
  for (const name of ['exp', 'expm1', 'log', 'log1p', 'tanh'] as const) {
    for (const x of [0, -0, Infinity, -Infinity, NaN, 1e300, -1e300, -1, 800, -800]) {
      const [got, expected] = [functions[name](x), Math[name](x)];
      if (Number.isFinite(expected) && expected !== 0) expect(got, `${name}(${x})`).toBeCloseTo(expected, 12);
      else expect(got, `${name}(${x})`).toBe(expected);
    }
  }
  expect([Infinity, -Infinity, NaN].map(cosPi)).toEqual([NaN, NaN, NaN]);
  expect([0, 0.5, 1, 1.5, 2, -1, 2 ** 60].map((x) => cosPi(x) + 0)).toEqual([1, 0, -1, 0, 1, -1, 1]);
});

test('the exponent of a number is that of the power of two below', () => {
  const exponents = Array.from({ length: 2098 }, (_, i) => i - 1074);
  const powers = exponents.map((k) => scale(1, k));
  expect(powers.map(exponentOf)).toEqual(exponents);
  expect(powers.every(isPowerOfTwo)).toBe(true);
  expect(powers.some((x) => isPowerOfTwo(-x))).toBe(false);
  // From here on three quarters more is a number, too.
  const large = powers.slice(2);
  expect(large.map((x) => exponentOf(-1.75 * x))).toEqual(exponents.slice(2));
  expect(large.some((x) => isPowerOfTwo(1.25 * x))).toBe(false);
  expect([0, Infinity, NaN, 1e9].map(isPowerOfTwo)).toEqual([false, false, false, false]);
});

test('the bits are the same on every engine', () => {
  expect(createHash('sha256').update(results()).digest('hex')).toBe(DIGEST);
});
