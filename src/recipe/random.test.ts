import { describe, expect, it } from 'vitest';
import { isRandomState, Random } from './random.ts';

describe('Random', () => {
  it('is xoshiro128**: first outputs of its authors’ program from the state 1, 2, 3, 4', () => {
    const random = new Random([1, 2, 3, 4]);
    const outputs = Array.from({ length: 10 }, () => random.bits());
    expect(outputs).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  it('goes on from a saved state', () => {
    const random = Random.stream(7, 'a');
    random.normal();
    const resumed = new Random(JSON.parse(JSON.stringify(random.state())));
    for (let i = 0; i < 5; i++) expect(resumed.uniform()).toBe(random.uniform());
  });

  it('gives streams that depend on every part of their name', () => {
    const first = (...names: (string | number)[]) => Random.stream(3, ...names).bits();
    const values = [
      first(),
      first('a'),
      first('b'),
      first('a', 'b'),
      first('ab'),
      first('', 'ab'),
      first(1),
      first('1'),
      first(0, 1),
      first(1, 0),
      first(2 ** 32 + 1),
      first(-1),
      Random.stream(4).bits(),
      Random.stream(-3).bits(),
    ];
    expect(new Set(values).size).toBe(values.length);
    expect(first('a', 2)).toBe(first('a', 2));
  });

  it('gives neighbouring streams that look independent', () => {
    // The first draws of 4096 consecutive streams must be as uniform as draws of one stream:
    // chi-square over 16 bins has mean 15; 44.3 is its 0.9999 quantile.
    const bins = new Array<number>(16).fill(0);
    for (let i = 0; i < 4096; i++) bins[Random.stream(1, 'window', i).integer(0, 16)]++;
    const chi = bins.reduce((sum, count) => sum + (count - 256) ** 2 / 256, 0);
    expect(chi).toBeLessThan(44.3);
  });

  it('is uniform, normal and unbiased in its moments', () => {
    const random = Random.stream(5);
    const n = 20_000;
    const moments = (draw: () => number) => {
      const values = Array.from({ length: n }, draw);
      const mean = values.reduce((a, b) => a + b) / n;
      return [mean, values.reduce((a, b) => a + (b - mean) ** 2, 0) / n];
    };
    // Bounds are 4 standard errors wide.
    const [uniformMean, uniformVariance] = moments(() => random.uniform(-1, 3));
    expect(Math.abs(uniformMean - 1)).toBeLessThan(4 * Math.sqrt(4 / 3 / n));
    expect(Math.abs(uniformVariance - 4 / 3)).toBeLessThan(0.04);
    const [normalMean, normalVariance] = moments(() => random.normal(2, 0.5));
    expect(Math.abs(normalMean - 2)).toBeLessThan((4 * 0.5) / Math.sqrt(n));
    expect(Math.abs(normalVariance - 0.25)).toBeLessThan(4 * 0.25 * Math.sqrt(2 / n));
  });

  it('draws integers from the whole range and no further', () => {
    const random = Random.stream(6);
    const seen = new Set(Array.from({ length: 200 }, () => random.integer(-2, 3)));
    expect([...seen].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
    expect(() => random.integer(3, 3)).toThrow(RangeError);
    expect(random.integer(0, 2 ** 32)).toBeGreaterThan(4);
  });

  it('shuffles into every order about equally often', () => {
    const random = Random.stream(8);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = random.shuffle(['a', 'b', 'c']).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });

  it('refuses states and seeds that are none', () => {
    for (const state of [[0, 0, 0, 0], [1, 2, 3], [1, 2, 3, -4], [1, 2, 3, 2 ** 32], 'abcd', null]) {
      expect(isRandomState(state)).toBe(false);
    }
    expect(() => new Random([0, 0, 0, 0])).toThrow(RangeError);
    expect(() => Random.stream(0.5)).toThrow(RangeError);
  });
});
