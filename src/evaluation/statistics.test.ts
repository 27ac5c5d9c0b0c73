import { describe, expect, it } from 'vitest';
import { meanInterval, normalTail, studentQuantile, summarise, wilcoxonSignedRank } from './statistics.ts';

// Numbers without another source were computed with SciPy 1.17.1.

describe('Wilcoxon’s signed-rank test', () => {
  it('gives what is published of Darwin’s plants', () => {
    // C. Darwin 1876, heights of 15 pairs of Zea mays in eighths of an inch; scipy.stats.wilcoxon's example.
    const plants = [6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75];
    expect(wilcoxonSignedRank(plants)).toMatchObject({ statistic: 24, n: 15, method: 'exact' });
    expect(wilcoxonSignedRank(plants).p).toBeCloseTo(0.041259765625, 14);
  });

  it('gives what is published of the Hamilton depression scale', () => {
    // M. Hollander, D. A. Wolfe, Nonparametric Statistical Methods 1973, p. 29; the one-sided p is 0.01953.
    const before = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
    const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
    const test = wilcoxonSignedRank(before.map((value, i) => value - after[i]));
    expect(test).toMatchObject({ statistic: 5, n: 9 });
    expect(test.p).toBeCloseTo(0.0390625, 14);
  });

  it('leaves out zeros and shares ranks among ties, still exactly', () => {
    // PermutationMethod(n_resamples=inf)
    expect(wilcoxonSignedRank([1, 1, -1, 2, 2, -2, 3, 4, 4, -5, 6, 6])).toEqual({
      statistic: 17,
      p: 0.0859375,
      n: 12,
      method: 'exact',
    });
    const zeros = wilcoxonSignedRank([0, 0, 1, 1, -1, 2, 2, -2, 3, 4]);
    expect(zeros).toEqual({ statistic: 7, p: 0.1640625, n: 8, method: 'exact' });
  });

  it('is exact up to 50, by the normal approximation with ties beyond', () => {
    const distinct = Array.from({ length: 50 }, (_, i) => (i + 1) * (i % 3 === 0 ? -1 : 1));
    // wilcoxon(…, method='exact')
    expect(wilcoxonSignedRank(distinct)).toMatchObject({ statistic: 425, method: 'exact' });
    expect(wilcoxonSignedRank(distinct).p).toBeCloseTo(0.03996834652842374, 12);
    // method='asymptotic', correction=False
    const ties = wilcoxonSignedRank(Array.from({ length: 90 }, (_, i) => ((7 * i) % 23) - 8));
    expect(ties).toMatchObject({ statistic: 1008, n: 86, method: 'normal' });
    expect(ties.p).toBeCloseTo(0.00020173392745934698, 14);
    const none = wilcoxonSignedRank(Array.from({ length: 80 }, (_, i) => ((i * i * 0.37) % 11) - 3.5));
    expect(none).toMatchObject({ statistic: 973, n: 80, method: 'normal' });
    expect(none.p).toBeCloseTo(0.0019142142882414967, 14);
  });

  it('agrees with all ways to give signs', () => {
    const sizes = [1, 1, 2, 3, 3, 3, 5, 8, 8];
    const ranks = [1.5, 1.5, 3, 5, 5, 5, 7, 8.5, 8.5];
    const sums = Array.from({ length: 2 ** sizes.length }, (_, bits) =>
      ranks.reduce((sum, rank, i) => sum + ((bits >> i) & 1 ? rank : 0), 0),
    );
    for (const bits of [0, 5, 77, 200, 311, 511]) {
      const test = wilcoxonSignedRank(sizes.map((size, i) => ((bits >> i) & 1 ? size : -size)));
      const least = Math.min(sums[bits], 45 - sums[bits]);
      expect(test.statistic).toBe(least);
      expect(test.p).toBeCloseTo(
        Math.min(1, (2 * sums.filter((sum) => sum <= least).length) / sums.length),
        14,
      );
    }
  });

  it('says nothing of no difference, and does not mind the sign', () => {
    expect(wilcoxonSignedRank([0, 0])).toEqual({ statistic: 0, p: Number.NaN, n: 0, method: 'exact' });
    expect(wilcoxonSignedRank([])).toMatchObject({ p: Number.NaN, n: 0 });
    expect(wilcoxonSignedRank([3])).toMatchObject({ p: 1, n: 1 });
    expect(wilcoxonSignedRank([1, 2, 3, 4, 5]).p).toBe(wilcoxonSignedRank([-1, -2, -3, -4, -5]).p);
  });
});

describe('means', () => {
  it('leave out what is not defined; the deviation is the sample’s', () => {
    const summary = summarise([1, Number.NaN, 2, 4]);
    expect(summary.n).toBe(3);
    expect(summary.mean).toBeCloseTo(7 / 3, 14);
    expect(summary.deviation).toBeCloseTo(Math.sqrt(7 / 3), 14);
    expect(summarise([2])).toEqual({ mean: 2, deviation: Number.NaN, n: 1 });
    expect(summarise([Number.NaN])).toEqual({ mean: Number.NaN, deviation: Number.NaN, n: 0 });
  });

  it('lie in Student’s interval', () => {
    // ttest_1samp(…, 0).confidence_interval()
    const { low, high } = meanInterval(summarise([0.031, -0.012, 0.054, 0.007, 0.043, -0.002, 0.018, 0.026]));
    expect(low).toBeCloseTo(0.0018780014281735216, 14);
    expect(high).toBeCloseTo(0.03937199857182647, 14);
    expect(meanInterval(summarise([1]))).toEqual({ low: Number.NaN, high: Number.NaN });
    expect(meanInterval(summarise([1, 1, 1]))).toEqual({ low: 1, high: 1 });
  });
});

describe('distributions', () => {
  // t.ppf(0.975, ν)
  it.each([
    [1, 12.706204736174694],
    [2, 4.302652729749462],
    [3, 3.1824463052837078],
    [4, 2.7764451051977934],
    [9, 2.262157162798205],
    [10, 2.228138851986274],
    [29, 2.045229642132703],
    [100, 1.9839715185235518],
    [999, 1.9623414611334493],
    [5000, 1.9604385517065073],
  ])('Student’s t of %i degrees of freedom', (freedom, expected) => {
    // SciPy's own digits end at about 1e-13 of the value.
    expect(studentQuantile(freedom) / expected).toBeCloseTo(1, 12);
  });

  // norm.sf(z)
  it.each([
    [0, 0.5],
    [0.5, 0.3085375387259869],
    [2, 0.022750131948179195],
    [3, 0.0013498980316300933],
    [3.1, 0.0009676032132183563],
    [8, 6.22096057427174e-16],
    [20, 2.7536241186061556e-89],
  ])('the normal tail beyond %f', (z, expected) => {
    // Up to 3 it is a difference from ½, which leaves 1e-16 / 1e-3 of relative precision.
    expect(normalTail(z) / expected).toBeCloseTo(1, 11);
  });
});
