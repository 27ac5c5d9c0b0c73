/** Elementary functions in whole numbers of 2^-BITS: some 100 places behind the last of the smallest float64. */

const BITS = 1408n;
const ONE = 1n << BITS;

/** A number as so many 2^-BITS. */
export type Fixed = bigint;

/** Exact, as BITS is beyond the last place of any float64. */
export function fixed(x: number): Fixed {
  if (!Number.isFinite(x)) throw new RangeError(`${x} is no number`);
  // Whole for every float64 but those below 2^-52, which are that many halvings away.
  let [whole, shift] = [x, BITS];
  while (!Number.isInteger(whole)) [whole, shift] = [whole * 2 ** 52, shift - 52n];
  return shift >= 0n ? BigInt(whole) << shift : BigInt(whole) >> -shift;
}

const times = (a: Fixed, b: Fixed): Fixed => (a * b) >> BITS;
const over = (a: Fixed, b: Fixed): Fixed => (a << BITS) / b;

/** x − x³/3 + x⁵/5 …, or with all signs +; |x| is well below 1. */
function arctan(x: Fixed, sign: 1n | -1n): Fixed {
  const square = sign * times(x, x);
  let [sum, power] = [0n, x];
  for (let n = 1n; power !== 0n && power !== -1n; n += 2n) {
    sum += power / n;
    power = times(power, square);
  }
  return sum;
}

const third = ONE / 3n;
const LN2 = 2n * arctan(third, 1n);
/** Machin's formula. */
const PI = 16n * arctan(ONE / 5n, -1n) - 4n * arctan(ONE / 239n, -1n);

function exp(x: Fixed): Fixed {
  const k = x / LN2;
  const rest = x - k * LN2;
  let [sum, term] = [0n, ONE];
  for (let n = 1n; term !== 0n && term !== -1n; n++) {
    sum += term;
    term = times(term, rest) / n;
  }
  return k >= 0n ? sum << k : sum >> -k;
}

function log(x: Fixed): Fixed {
  // x = 2^k · m, m from 1 to 2.
  const k = BigInt(x.toString(2).length - 1) - BITS;
  const m = k >= 0n ? x >> k : x << -k;
  return k * LN2 + 2n * arctan(over(m - ONE, m + ONE), 1n);
}

const expm1 = (x: Fixed): Fixed => exp(x) - ONE;
const log1p = (x: Fixed): Fixed => log(ONE + x);
const pow = (x: Fixed, y: Fixed): Fixed => exp(times(y, log(x)));

function tanh(x: Fixed): Fixed {
  const e = expm1(2n * x);
  return over(e, e + 2n * ONE);
}

function cosPi(x: Fixed): Fixed {
  const turn = times(PI, x % (2n * ONE));
  const square = times(turn, turn);
  let [sum, term] = [0n, ONE];
  for (let n = 1n; term !== 0n && term !== -1n; n += 2n) {
    sum += term;
    term = -times(term, square) / (n * (n + 1n));
  }
  return sum;
}

/** By the names that src/math.ts has for them. */
export const truths = { exp, expm1, log, log1p, tanh, cosPi, pow };

/** How far a number is from the truth, in units of the last place of the truth. */
export function unitsOff(x: number, truth: Fixed): number {
  const size = truth < 0n ? -truth : truth;
  const exponent = size.toString(2).length - 1 - Number(BITS);
  const last = BigInt(Math.max(exponent - 52, -1074)) + BITS;
  const off = fixed(x) - truth;
  return Number((off < 0n ? -off : off) >> (last - 30n)) / 2 ** 30;
}
