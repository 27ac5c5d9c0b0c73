import { exp } from '../../math.ts';

/** The error function in float64: its series (Abramowitz and Stegun 7.1.6) near 0, else 7.1.14's continued fraction. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return (2 / Math.sqrt(Math.PI)) * exp(-x * x) * sum;
  }
  if (a > 6) return Math.sign(x);
  let fraction = a;
  for (let n = 60; n >= 1; n--) fraction = a + n / 2 / fraction;
  return Math.sign(x) * (1 - exp(-x * x) / (Math.sqrt(Math.PI) * fraction));
}
