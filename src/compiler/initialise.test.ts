import { describe, expect, test } from 'vitest';
import type { Initialiser } from '../language/model.ts';
import { initialisers } from '../recipe/initialisers.ts';
import { initialise } from './initialise.ts';

const draw = (
  kind: Initialiser['kind'],
  args: Initialiser['args'],
  shape: readonly number[],
  name = 'p',
  seed = 1,
) => initialise({ name, shape, init: { kind, args } }, seed);

const mean = (x: ArrayLike<number>) => Array.from(x).reduce((a, b) => a + b, 0) / x.length;
const std = (x: ArrayLike<number>) => {
  const m = mean(x);
  return Math.sqrt(mean(Array.from(x, (v) => (v - m) ** 2)));
};
const extent = (x: ArrayLike<number>) => Array.from(x).reduce((m, v) => Math.max(m, Math.abs(v)), 0);

/** Kolmogorov's distance between the values and a distribution; 1.63 / sqrt(n) is its 1 % point. */
function distance(x: ArrayLike<number>, distribution: (v: number) => number): number {
  const sorted = Array.from(x).sort((a, b) => a - b);
  return sorted.reduce((d, v, i) => {
    const p = distribution(v);
    return Math.max(d, p - i / sorted.length, (i + 1) / sorted.length - p);
  }, 0);
}
const uniformBetween = (lo: number, hi: number) => (v: number) => (v - lo) / (hi - lo);
/** Abramowitz and Stegun 7.1.26: right to 1.5e-7. */
function normalDistribution(v: number): number {
  const x = Math.abs(v) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const poly =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const erf = 1 - poly * Math.exp(-x * x);
  return v < 0 ? (1 - erf) / 2 : (1 + erf) / 2;
}

const count = 20_000;
const limit = 1.63 / Math.sqrt(count);

test('there is no other than those of the table', () => {
  expect(Object.keys(initialisers)).not.toContain('orthogonal');
  expect(() => draw('orthogonal' as 'zeros', {}, [2, 2])).toThrow('orthogonal');
});

describe('what does not depend on chance', () => {
  test.each([
    ['zeros', {}, 0],
    ['ones', {}, 1],
    ['constant', { value: -2.5 }, -2.5],
  ] as const)('%s', (kind, args, value) => {
    expect([...draw(kind, args, [2, 3])]).toEqual(new Array(6).fill(value));
  });

  test('s4d_real_log: A = -exp of it is -1 … -N in every row', () => {
    const rows = draw('s4d_real_log', {}, [3, 5]);
    expect(rows).toHaveLength(15);
    rows.forEach((v, i) => {
      expect(-Math.exp(v)).toBeCloseTo(-((i % 5) + 1), 5);
    });
  });
});

test('uniform fills its interval evenly', () => {
  const x = draw('uniform', { lo: -0.5, hi: 2 }, [count]);
  expect(Math.min(...x)).toBeGreaterThanOrEqual(-0.5);
  expect(Math.max(...x)).toBeLessThan(2);
  expect(distance(x, uniformBetween(-0.5, 2))).toBeLessThan(limit);
});

test('normal has its mean and spread', () => {
  const x = draw('normal', { mean: 3, std: 0.5 }, [count]);
  expect(distance(x, (v) => normalDistribution((v - 3) / 0.5))).toBeLessThan(limit);
});

describe('trunc_normal', () => {
  test('with a small std is a normal distribution', () => {
    const x = draw('trunc_normal', { mean: 0, std: 0.02 }, [count]);
    expect(distance(x, (v) => normalDistribution(v / 0.02))).toBeLessThan(limit);
    // The cut is at ±2, not at two standard deviations.
    expect(extent(x)).toBeGreaterThan(0.06);
  });

  test('never goes beyond 2', () => {
    const x = draw('trunc_normal', { mean: 0, std: 1 }, [count]);
    expect(extent(x)).toBeLessThanOrEqual(2);
    // Standard deviation of the normal distribution between -2 and 2.
    expect(Math.abs(std(x) - 0.8796)).toBeLessThan(0.015);
    const mass = normalDistribution(2) - normalDistribution(-2);
    expect(distance(x, (v) => (normalDistribution(v) - normalDistribution(-2)) / mass)).toBeLessThan(limit);
  });
});

describe('kaiming_uniform', () => {
  test.each([
    ['a linear layer: 1 / sqrt(in)', [100, 200], { a: Math.sqrt(5) }, 1 / Math.sqrt(200)],
    ['a convolution: in · kh · kw', [50, 16, 5, 5], { a: Math.sqrt(5) }, 1 / Math.sqrt(16 * 25)],
    ['a fan that is given', [4, 5000], { a: Math.sqrt(5), fan: 64 }, 1 / 8],
    ['no slope: sqrt(6 / in)', [400, 50], { a: 0 }, Math.sqrt(6 / 50)],
  ])('%s', (_, shape, args, bound) => {
    const x = draw('kaiming_uniform', args, shape);
    expect(extent(x)).toBeLessThanOrEqual(bound * (1 + 1e-6));
    expect(distance(x, uniformBetween(-bound, bound))).toBeLessThan(limit);
  });
});

describe('kaiming_normal', () => {
  test.each([
    ['fan in', [100, 25, 3, 3], { a: 0.01 }, Math.sqrt(2 / (1.0001 * 225))],
    ['fan out', [100, 25, 3, 3], { a: 0.01, mode: 'fan_out' }, Math.sqrt(2 / (1.0001 * 900))],
    // torch.nn.init takes the second axis, the output channels, for the fan-in of a transposed convolution.
    ['transposed convolution', [256, 40, 2, 2], { a: 0 }, Math.sqrt(2 / 160)],
  ])('%s', (_, shape, args, expected) => {
    const x = draw('kaiming_normal', args, shape);
    expect(distance(x, (v) => normalDistribution(v / expected))).toBeLessThan(1.63 / Math.sqrt(x.length));
  });
});

test('xavier_uniform is within sqrt(6 / (in + out))', () => {
  const bound = Math.sqrt(6 / 300);
  const x = draw('xavier_uniform', {}, [100, 200]);
  expect(extent(x)).toBeLessThanOrEqual(bound);
  expect(distance(x, uniformBetween(-bound, bound))).toBeLessThan(limit);
});

describe('dt_bias', () => {
  const softplus = (v: number) => Math.log1p(Math.exp(v));

  test('its softplus is log-uniform between min and max', () => {
    const steps = Array.from(draw('dt_bias', { min: 0.001, max: 0.1 }, [count]), softplus);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(0.001 * (1 - 1e-5));
    expect(Math.max(...steps)).toBeLessThanOrEqual(0.1 * (1 + 1e-5));
    const logs = steps.map(Math.log);
    expect(distance(logs, uniformBetween(Math.log(0.001), Math.log(0.1)))).toBeLessThan(limit);
  });

  test('no step is below 1e-4', () => {
    const steps = Array.from(draw('dt_bias', { min: 1e-6, max: 1e-3 }, [1000]), softplus);
    expect(Math.min(...steps)).toBeGreaterThan(0.99e-4);
  });
});

describe('chance', () => {
  test('the same seed and name give the same values, another seed or name others', () => {
    const values = (name: string, seed: number) => [...draw('normal', {}, [8], name, seed)];
    expect(values('a', 1)).toEqual(values('a', 1));
    expect(values('a', 2)).not.toEqual(values('a', 1));
    expect(values('b', 1)).not.toEqual(values('a', 1));
  });
});

test.each<[string, Initialiser['kind'], Initialiser['args']]>([
  ['draws beyond 32-bit floats', 'normal', { mean: 0, std: 3e38 }],
  ['no spread at all', 'kaiming_uniform', { a: 0, fan: 1e-300 }],
  ['a negative step size', 'dt_bias', { min: -1, max: 0.1 }],
])('%s: refused, not passed on', (_, kind, args) => {
  expect(() => draw(kind, args, [100, 10], 'head.weight')).toThrow(
    expect.objectContaining({ code: 'init-not-finite', message: expect.stringMatching(/head\.weight/) }),
  );
});
