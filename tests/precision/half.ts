/** What half precision rounds off of a value, at most, as a share of it. */
export const HALF_EPSILON = 2 ** -11;

/** The nearest number of half precision, ties to even; `x` is within its range. */
export function toHalf(x: number): number {
  // Below 2^-14 numbers lie at equal distances.
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(x))), -14);
  const step = 2 ** (exponent - 10);
  const [below, rest] = [Math.floor(x / step), x / step - Math.floor(x / step)];
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  return x === 0 ? x : (below + Number(up)) * step;
}
