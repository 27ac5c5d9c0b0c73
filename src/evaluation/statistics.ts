import { exp, log1p, square } from '../math.ts';

/** Of the values that are defined. */
export interface Summary {
  /** NaN where there is none. */
  readonly mean: number;
  /** Sample standard deviation (divided by n − 1); NaN for fewer than two. */
  readonly deviation: number;
  readonly n: number;
}

/** Mean and sample standard deviation; NaN stands for what is not defined, and is left out. */
export function summarise(values: readonly number[]): Summary {
  const defined = values.filter((value) => !Number.isNaN(value));
  const n = defined.length;
  const mean = defined.reduce((sum, value) => sum + value, 0) / n;
  const squares = defined.reduce((sum, value) => sum + square(value - mean), 0);
  return { mean, deviation: n < 2 ? Number.NaN : Math.sqrt(squares / (n - 1)), n };
}

/** From so many differences on, the normal distribution stands for that of the rank sum. */
const EXACT_UP_TO = 50;

export interface Wilcoxon {
  /** The smaller of the sums of ranks of positive and of negative differences. */
  readonly statistic: number;
  /** Of the two-sided test; NaN where all differences are 0. */
  readonly p: number;
  /** Differences that are not 0. */
  readonly n: number;
  readonly method: 'exact' | 'normal';
}

/**
 * Wilcoxon's signed-rank test, two-sided, of whether differences lie symmetrically about 0 (F. Wilcoxon, Biometrics
 * Bulletin 1945). Differences of 0 are left out, equal ones share the mean of their ranks. Up to 50 differences p is
 * exact: a share of all 2^n ways to give the ranks, as they are, signs. Beyond, the normal approximation is taken,
 * with the correction of its variance for ties and without one for continuity.
 */
export function wilcoxonSignedRank(differences: readonly number[]): Wilcoxon {
  const sizes = differences.filter((d) => d !== 0).sort((a, b) => Math.abs(a) - Math.abs(b));
  const n = sizes.length;
  // Twice the ranks, which are whole numbers where ties share a mean.
  const ranks = new Array<number>(n);
  let ties = 0;
  for (let i = 0; i < n; ) {
    let end = i + 1;
    while (end < n && Math.abs(sizes[end]) === Math.abs(sizes[i])) end++;
    ties += (end - i) * (square(end - i) - 1);
    ranks.fill(i + 1 + end, i, end);
    i = end;
  }
  const total = n * (n + 1);
  const positive = ranks.reduce((sum, rank, i) => sum + (sizes[i] > 0 ? rank : 0), 0);
  const least = Math.min(positive, total - positive);
  const method = n <= EXACT_UP_TO ? 'exact' : 'normal';
  if (n === 0) return { statistic: 0, p: Number.NaN, n, method };
  const variance = (total * (2 * n + 1)) / 24 - ties / 48;
  const z = (total / 4 - least / 2) / Math.sqrt(variance);
  const p = method === 'exact' ? 2 * shareUpTo(ranks, least) : 2 * normalTail(z);
  return { statistic: least / 2, p: Math.min(1, p), n, method };
}

/** Of all ways to choose among the ranks, the share whose sum is at most `most`. */
function shareUpTo(ranks: readonly number[], most: number): number {
  const shares = new Float64Array(most + 1);
  shares[0] = 1;
  for (const rank of ranks) {
    for (let sum = most; sum >= 0; sum--) shares[sum] = (shares[sum] + (shares[sum - rank] ?? 0)) / 2;
  }
  return shares.reduce((sum, share) => sum + share, 0);
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * The 95 % confidence interval of a mean by Student's t, for values about normally distributed; NaN for fewer than two.
 */
export function meanInterval({ mean, deviation, n }: Summary): Interval {
  if (n < 2) return { low: Number.NaN, high: Number.NaN };
  const half = (studentQuantile(n - 1) * deviation) / Math.sqrt(n);
  return { low: mean - half, high: mean + half };
}

/** The t that Student's distribution stays below with probability 0.975, by bisection; 12.7 at most. */
export function studentQuantile(freedom: number): number {
  let [low, high] = [1.9, 13];
  while (high - low > 1e-13 * high) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (studentTail(middle, freedom) > 0.025) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(T > t) for t > 1: half the regularised incomplete beta function of ν / (ν + t²) for ν/2 and ½. */
function studentTail(t: number, freedom: number): number {
  const a = freedom / 2;
  const x = freedom / (freedom + t * t);
  // B(a, ½), from B(½, ½) = π or B(1, ½) = 2 up: B(a + 1, ½) = B(a, ½) · a / (a + ½).
  let beta = freedom % 2 === 1 ? Math.PI : 2;
  for (let k = freedom % 2 === 1 ? 0.5 : 1; k < a; k++) beta *= k / (k + 0.5);
  // x^a without what rounding x loses where it is near 1.
  const power = exp(-a * log1p((t * t) / freedom));
  return (power * Math.sqrt(1 - x) * betaFraction(x, a)) / (2 * a * beta);
}

/** The continued fraction of the incomplete beta function for a and b = ½ (M. Abramowitz, I. Stegun 1964, 26.5.8), by Lentz. */
function betaFraction(x: number, a: number): number {
  const b = 0.5;
  let [result, c] = [1, 1];
  let d = 1 / (1 - ((a + b) * x) / (a + 1));
  result = d;
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    result *= c * d;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    result *= c * d;
    if (Math.abs(c * d - 1) < 1e-16) break;
  }
  return result;
}

/** P(Z > z) for z from 0 up: a series up to 3, beyond it a continued fraction (Abramowitz and Stegun, 26.2.11, 26.2.14). */
export function normalTail(z: number): number {
  const density = exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z > 3) {
    let fraction = z;
    for (let k = 200; k > 0; k--) fraction = z + k / fraction;
    return density / fraction;
  }
  let [term, sum] = [z, z];
  for (let k = 3; term > 1e-18; k += 2) sum += term *= (z * z) / k;
  return 0.5 - density * sum;
}
