/**
 * Elementary functions of float64 with the same bits on every engine. ECMAScript leaves the last bits of `Math.exp`,
 * `**` and their like to the engine; these are made of what it defines exactly: + − × ÷, rounding to whole numbers, and
 * bits. Each is within one unit in the last place of the truth. Lint denies the engine's own.
 */

/** ln 2 = LN2 + LN2_LOW, of which the first times an exponent is exact. */
const LN2 = 0xb17217f7 * 2 ** -32;
const LN2_LOW = 1.9082149292705877e-10;
/** π = Math.PI + PI_LOW. */
const PI_LOW = 1.2246467991473532e-16;

/** Taylor series, as far as the last place sees them. */
const EXP_TAIL = series(12, (i) => 1 / factorial(i + 3));
const LOG_TAIL = series(12, (i) => 2 / (2 * i + 3));
const SIN_TAIL = series(8, (i) => sign(i + 1) / factorial(2 * i + 3));
const COS_TAIL = series(8, (i) => sign(i) / factorial(2 * i + 4));
/** 1 / 9, 1 / 11, …: the terms of the logarithm's series that {@link logPair} does not take as pairs. */
const LOG_FAR = series(12, (i) => 1 / (2 * i + 9));

function series(length: number, coefficient: (i: number) => number): Float64Array {
  return Float64Array.from({ length }, (_, i) => coefficient(i));
}

function sign(i: number): number {
  return i % 2 === 0 ? 1 : -1;
}

/** Exact up to 22!. */
function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}

/** c[0] + c[1] · x + c[2] · x² + …, of an even number of terms: as two sums, which a processor computes at once. */
function polynomial(c: Float64Array, x: number): number {
  const z = x * x;
  let even = c[c.length - 2];
  let odd = c[c.length - 1];
  for (let i = c.length - 4; i >= 0; i -= 2) {
    even = even * z + c[i];
    odd = odd * z + c[i + 1];
  }
  return even + x * odd;
}

const word = new DataView(new ArrayBuffer(8));

/** 2^k for whole k from −1022 to 1023. */
function powerOfTwo(k: number): number {
  word.setInt32(0, (1023 + k) << 20);
  word.setInt32(4, 0);
  return word.getFloat64(0);
}

/** x · 2^k for whole k of at most 2044; rounded once where x is neither subnormal nor 0. */
export function scale(x: number, k: number): number {
  const half = k >> 1;
  return x * powerOfTwo(half) * powerOfTwo(k - half);
}

/** The whole k with 2^k ≤ |x| < 2^(k+1), of finite numbers but 0. */
export function exponentOf(x: number): number {
  word.setFloat64(0, x);
  const exponent = (word.getInt32(0) >>> 20) & 0x7ff;
  return exponent === 0 ? exponentOf(x * 2 ** 54) - 54 : exponent - 1023;
}

/** Whether x is 2^k for a whole k. */
export function isPowerOfTwo(x: number): boolean {
  return x > 0 && x < Number.POSITIVE_INFINITY && x === scale(1, exponentOf(x));
}

/** x². */
export function square(x: number): number {
  return x * x;
}

/** e^x. */
export function exp(x: number): number {
  return expOf(x, 0);
}

/** e^(x + low), where low is no more than the last place of x. */
function expOf(x: number, low: number): number {
  if (!(x > -746 && x < 710)) return x > 0 ? Number.POSITIVE_INFINITY : Math.max(x, 0);
  // e^x = 2^k · e^r, |r| ≤ ln 2 / 2; what the rounding of r loses is rest.
  const k = Math.floor(x * Math.LOG2E + 0.5);
  const high = x - k * LN2;
  const less = low - k * LN2_LOW;
  const r = high + less;
  const rest = less - (r - high);
  const z = r * r;
  const tail = 0.5 * z + (r * z * polynomial(EXP_TAIL, r) + rest * (1 + r));
  const sum = 1 + r;
  return scale(sum + (r - (sum - 1) + tail), k);
}

/** e^x − 1, without cancellation near 0. */
export function expm1(x: number): number {
  if (x === 0) return x;
  if (!(x > -40 && x < 710)) return x > 0 ? Number.POSITIVE_INFINITY : x < 0 ? -1 : x;
  const { high, low, k } = expm1Parts(x);
  return scale(high + low, k);
}

/** e^x − 1 = (high + low) · 2^k, for x from −40 to 710. */
function expm1Parts(x: number): Pair & { readonly k: number } {
  const k = Math.floor(x * Math.LOG2E + 0.5);
  const high = x - k * LN2;
  const less = -k * LN2_LOW;
  const r = high + less;
  const rest = less - (r - high);
  const z = r * r;
  const tail = 0.5 * z + (r * z * polynomial(EXP_TAIL, r) + rest * (1 + r));
  // 2^k · (1 − 2^−k + e^r − 1); |1 − 2^−k| is 0 or more than |r|.
  const base = 1 - powerOfTwo(Math.max(-k, -60));
  const sum = base + r;
  return { high: sum, low: r - (sum - base) + tail, k };
}

/** tanh x. */
export function tanh(x: number): number {
  if (!(Math.abs(x) < 22)) return Number.isNaN(x) ? x : Math.sign(x);
  if (Math.abs(x) < 2 ** -28) return x;
  // (e^2x − 1) / (e^2x + 1)
  const { high, low, k } = expm1Parts(2 * Math.abs(x));
  const numerator = exactSum(high, low);
  const two = powerOfTwo(1 - k);
  const denominator = high > two ? sum(numerator, alone(two)) : sum(alone(two), numerator);
  return Math.sign(x) * quotient(numerator, denominator).high;
}

/** The natural logarithm of x. */
export function log(x: number): number {
  if (!(x > 0 && x < Number.POSITIVE_INFINITY))
    return x === 0 ? Number.NEGATIVE_INFINITY : x < 0 ? Number.NaN : x;
  const { f, k } = fraction(x);
  return logOf(f, k, 0);
}

/** log(1 + x), without what rounding 1 + x loses. */
export function log1p(x: number): number {
  if (!(x > -1 && x < Number.POSITIVE_INFINITY))
    return x === -1 ? Number.NEGATIVE_INFINITY : x < 0 ? Number.NaN : x;
  if (Math.abs(x) < 2 ** -54) return x;
  const y = 1 + x;
  const { f, k } = fraction(y);
  if (k === 0) return logOf(x, 0, 0);
  const lost = x > 1 ? 1 - (y - x) : x - (y - 1);
  return logOf(f, k, lost / y);
}

/** f and k with x = (1 + f) · 2^k and 1 + f from √½ to √2, of finite x > 0. */
function fraction(x: number): { readonly f: number; readonly k: number } {
  word.setFloat64(0, x);
  const bits = word.getInt32(0);
  if (bits < 1 << 20) {
    const { f, k } = fraction(x * 2 ** 54);
    return { f, k: k - 54 };
  }
  word.setInt32(0, (bits & 0xfffff) | 0x3ff00000);
  const m = word.getFloat64(0);
  const k = (bits >> 20) - 1023;
  return m > Math.SQRT2 ? { f: 0.5 * m - 1, k: k + 1 } : { f: m - 1, k };
}

/**
 * log(1 + f) + k · ln 2 + low. With s = f / (2 + f), log(1 + f) = 2 · artanh s = f − f²/2 + s · (f²/2 + R),
 * R = 2/3 · s² + 2/5 · s⁴ + …
 */
function logOf(f: number, k: number, low: number): number {
  const s = f / (2 + f);
  const z = s * s;
  const half = 0.5 * f * f;
  const tail = s * (half + z * polynomial(LOG_TAIL, z)) + (k * LN2_LOW + low);
  return k * LN2 - (half - tail - f);
}

/** cos(π · x). */
export function cosPi(x: number): number {
  const turn = Math.abs(x) % 2;
  const quarter = Math.floor(2 * turn + 0.5);
  const rest = turn - 0.5 * quarter;
  const { high, low } = product({ high: Math.PI, low: PI_LOW }, alone(rest));
  switch (quarter % 4) {
    case 0:
      return cosOf(high, low);
    case 1:
      return -sinOf(high, low);
    case 2:
      return -cosOf(high, low);
    case 3:
      return sinOf(high, low);
    default:
      return Number.NaN;
  }
}

/** cos(x + low), |x| ≤ π / 4. */
function cosOf(x: number, low: number): number {
  const { high: z, low: rest } = exactProduct(x, x);
  const half = 0.5 * z;
  const near = 1 - half;
  return near + (1 - near - half + (z * z * polynomial(COS_TAIL, z) - 0.5 * rest - x * low));
}

/** sin(x + low), |x| ≤ π / 4. */
function sinOf(x: number, low: number): number {
  const z = x * x;
  return x + (x * z * polynomial(SIN_TAIL, z) + low * (1 - 0.5 * z));
}

/** x^y, as ECMAScript has it where there is no such number; exact where x^y is a float64. */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  const size = Math.abs(x);
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  if (size === 1 && Math.abs(y) === Number.POSITIVE_INFINITY) return Number.NaN;
  if (x < 0 || Object.is(x, -0)) {
    const whole = Math.floor(y) === y;
    if (!whole && x < 0 && x !== Number.NEGATIVE_INFINITY) return Number.NaN;
    return whole && Math.abs(y) % 2 === 1 ? -powOf(size, y) : powOf(size, y);
  }
  return powOf(size, y);
}

/** For x ≥ 0. */
function powOf(x: number, y: number): number {
  if (x === 1) return 1;
  const grows = x > 1 === y > 0;
  if (x === 0 || x === Number.POSITIVE_INFINITY) return grows ? Number.POSITIVE_INFINITY : 0;
  const logarithm = logPair(x);
  if (!(Math.abs(y * logarithm.high) < 750)) return grows ? Number.POSITIVE_INFINITY : 0;
  const { high, low } = product(alone(y), logarithm);
  return expOf(high, low);
}

/** A number as a sum, of which the second is no more than the last place of the first. */
interface Pair {
  readonly high: number;
  readonly low: number;
}

function alone(x: number): Pair {
  return { high: x, low: 0 };
}

/** a + b, where |a| ≥ |b| or a is 0. */
function exactSum(a: number, b: number): Pair {
  const high = a + b;
  return { high, low: b - (high - a) };
}

/** a · b: each factor falls into two of 26 bits, whose products are exact (Dekker 1971). */
function exactProduct(a: number, b: number): Pair {
  const p = a * 134217729;
  const q = b * 134217729;
  const aHigh = p - (p - a);
  const bHigh = q - (q - b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  const high = a * b;
  return { high, low: aHigh * bHigh - high + aHigh * bLow + aLow * bHigh + aLow * bLow };
}

/** a + b, where |a| ≥ |b|. */
function sum(a: Pair, b: Pair): Pair {
  const { high, low } = exactSum(a.high, b.high);
  return exactSum(high, low + (a.low + b.low));
}

function product(a: Pair, b: Pair): Pair {
  const { high, low } = exactProduct(a.high, b.high);
  return exactSum(high, low + (a.high * b.low + a.low * b.high));
}

function quotient(a: Pair, b: Pair): Pair {
  const high = a.high / b.high;
  const back = exactProduct(high, b.high);
  return exactSum(high, (a.high - back.high - back.low + a.low - high * b.low) / b.high);
}

const ONE = alone(1);
/** The first factors of the logarithm's series, the last one first. */
const LOG_NEAR = [...[7, 5, 3].map((n) => quotient(ONE, alone(n))), ONE];

/** log x as a pair, to some 2^-70 of it: 2s · (1 + s²/3 + s⁴/5 + …) as in {@link logOf}, the first terms as pairs. */
function logPair(x: number): Pair {
  const { f, k } = fraction(x);
  const s = quotient(alone(f), exactSum(2, f));
  const z = product(s, s);
  let value = alone(polynomial(LOG_FAR, z.high));
  for (const term of LOG_NEAR) value = sum(term, product(z, value));
  const near = product({ high: 2 * s.high, low: 2 * s.low }, value);
  if (k === 0) return near;
  const { high, low } = exactSum(k * LN2, near.high);
  return exactSum(high, low + near.low + k * LN2_LOW);
}
