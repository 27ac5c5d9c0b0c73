import { exp, log, pow, tanh } from '../../math.ts';
import type { Expression, MapName } from '../wgsl/tree.ts';
import { elementOf, type ScalarName } from '../wgsl/types.ts';
import type { Value } from './values.ts';

const f = Math.fround;

/** Halves to even; what is 0 then keeps its sign. */
function roundEven(x: number): number {
  if (!Number.isFinite(x)) return x;
  const low = Math.floor(x);
  const rest = x - low;
  const up = rest > 0.5 || (rest === 0.5 && low % 2 !== 0);
  const rounded = up ? low + 1 : low;
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded;
}

// biome-ignore lint/complexity/useMathMinMax: Math.min gives NaN where either is.
const less = (a: number, b: number) => (b < a ? b : a);
// biome-ignore lint/complexity/useMathMinMax: as above.
const more = (a: number, b: number) => (a < b ? b : a);

/** Functions of f32 are those of float64, rounded. */
const maps: Readonly<Record<MapName, (type: ScalarName, x: number, y: number, z: number) => number>> = {
  abs: (type, x) => (type === 'i32' ? Math.abs(x) | 0 : Math.abs(x)),
  sign: (_, x) => (x > 0 ? 1 : x < 0 ? -1 : x),
  // Where one is NaN the first one is the result.
  min: (_, x, y) => less(x, y),
  max: (_, x, y) => more(x, y),
  clamp: (_, x, low, high) => less(more(x, low), high),
  exp: (_, x) => f(exp(x)),
  exp2: (_, x) => f(pow(2, x)),
  log: (_, x) => f(log(x)),
  log2: (_, x) => f(log(x) * Math.LOG2E),
  tanh: (_, x) => f(tanh(x)),
  sqrt: (_, x) => f(Math.sqrt(x)),
  inverseSqrt: (_, x) => f(1 / f(Math.sqrt(x))),
  floor: (_, x) => Math.floor(x),
  ceil: (_, x) => Math.ceil(x),
  round: (_, x) => roundEven(x),
  trunc: (_, x) => Math.trunc(x),
  fma: (_, x, y, z) => f(f(x * y) + z),
};

/** A function of WGSL on the values of its arguments. */
export function applyBuiltin(e: Expression & { kind: 'builtin' }, args: readonly Value[]): Value {
  switch (e.name) {
    case 'select': {
      const [a, b, condition] = args;
      if (typeof condition === 'number') return condition === 1 ? b : a;
      return condition.map((c, k) => ((c === 1 ? b : a) as readonly Value[])[k]);
    }
    case 'dot': {
      const [a, b] = args as readonly (readonly number[])[];
      return a.map((x, k) => f(x * b[k])).reduce((sum, x) => f(sum + x));
    }
    case 'transpose': {
      const [columns] = args as readonly (readonly (readonly number[])[])[];
      return columns[0].map((_, row) => columns.map((c) => c[row]));
    }
    case 'any':
      return Number((args[0] as readonly number[]).includes(1));
    case 'all':
      return Number(!(args[0] as readonly number[]).includes(0));
    default: {
      const map = maps[e.name];
      const { name } = elementOf(e.type)!;
      const apply = ([x, y, z]: readonly Value[]): Value =>
        typeof x === 'number'
          ? map(name, x, y as number, z as number)
          : x.map((v, k) => apply([v, (y as readonly Value[])?.[k], (z as readonly Value[])?.[k]]));
      return apply(args);
    }
  }
}
