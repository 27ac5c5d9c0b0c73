import { cosPi, exp, expm1, log, log1p, pow, tanh } from '../../src/math.ts';
import { Random } from '../../src/recipe/random.ts';

/** The functions of one argument. */
export const functions = { exp, expm1, log, log1p, tanh, cosPi };

/** Results of all functions, which are the same on every engine. Without anything of Node's. */
export function results(): Float64Array {
  const random = Random.stream(1, 'bits');
  const draws = (n: number, draw: (i: number) => number) => Array.from({ length: n }, (_, i) => draw(i));
  return Float64Array.from([
    ...draws(20_000, () => random.normal()),
    ...Object.values(functions).flatMap((f) =>
      draws(5000, () => f(random.uniform(-1, 1) * random.uniform(0, 9))),
    ),
    ...draws(5000, (i) => pow(0.9 + i * 2 ** -16, i)),
  ]).map((x) => (Number.isNaN(x) ? 0 : x));
}
