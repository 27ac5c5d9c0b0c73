import { Dim } from '../ir/dim.ts';
import { greatestCommonDivisor } from '../ir/divisor.ts';
import { pow } from '../math.ts';
import { ERROR, float, isNumber, type Rational, toNumber, type Value } from './values.ts';

/** A number left the range in which whole numbers are exact, or has no value at all (1 / 0). */
export interface NumberProblem {
  readonly kind: 'problem';
  readonly code: 'number-too-large' | 'division-by-zero' | 'dim-arithmetic';
}
const problem = (code: NumberProblem['code']): NumberProblem => ({ kind: 'problem', code });

function rational(num: number, den: number, origin?: Rational['origin']): Value | NumberProblem {
  if (den === 0) return problem('division-by-zero');
  if (!Number.isSafeInteger(num) || !Number.isSafeInteger(den)) return problem('number-too-large');
  const divisor = greatestCommonDivisor(num, den) * Math.sign(den) || 1;
  return { kind: 'rational', num: num / divisor + 0, den: den / divisor, origin };
}

const asDim = (v: Value): Dim | undefined => {
  if (v.kind === 'dim') return v.dim;
  return v.kind === 'rational' && v.den === 1 ? Dim.of(v.num, v.origin) : undefined;
};

/** `a op b` for numbers and for sizes that hold the batch; `undefined` where the operator takes neither. */
export function arithmetic(operator: string, a: Value, b: Value): Value | NumberProblem | undefined {
  if (a.kind === 'dim' || b.kind === 'dim') return dimArithmetic(operator, a, b);
  if (!isNumber(a) || !isNumber(b)) return undefined;
  if (a.kind === 'rational' && b.kind === 'rational') return exact(operator, a, b);
  const [x, y] = [toNumber(a), toNumber(b)];
  const value = floatOf(operator, x, y);
  if (value === undefined) return undefined;
  if ((operator === '/' || operator === '%') && y === 0) return problem('division-by-zero');
  return Number.isFinite(value) ? float(value) : problem('number-too-large');
}

function floatOf(operator: string, x: number, y: number): number | undefined {
  switch (operator) {
    case '+':
      return x + y;
    case '-':
      return x - y;
    case '*':
      return x * y;
    case '/':
      return x / y;
    case '%':
      return x - y * Math.floor(x / y);
    case '^':
      return pow(x, y);
    default:
      return undefined;
  }
}

function exact(operator: string, a: Rational, b: Rational): Value | NumberProblem | undefined {
  switch (operator) {
    case '+':
      return rational(a.num * b.den + b.num * a.den, a.den * b.den);
    case '-':
      return rational(a.num * b.den - b.num * a.den, a.den * b.den);
    case '*': {
      const origin =
        a.origin && b.origin
          ? { name: `${a.origin.name}*${b.origin.name}`, size: a.origin.size * b.origin.size }
          : (a.origin ?? b.origin);
      return rational(a.num * b.num, a.den * b.den, origin);
    }
    case '/':
      return rational(a.num * b.den, a.den * b.num, a.origin);
    case '%': {
      if (b.num === 0) return problem('division-by-zero');
      // Both over one denominator; the sign is the divisor's, as in Python.
      const [x, y] = [a.num * b.den, b.num * a.den];
      return rational(x - y * Math.floor(x / y), a.den * b.den);
    }
    case '^':
      return power(a, b);
    default:
      return undefined;
  }
}

function power(a: Rational, b: Rational): Value | NumberProblem {
  if (b.den !== 1) {
    const value = pow(a.num / a.den, b.num / b.den);
    return Number.isFinite(value) ? float(value) : problem('number-too-large');
  }
  const [num, den] = b.num < 0 ? [a.den, a.num] : [a.num, a.den];
  const exponent = Math.abs(b.num);
  return rational(pow(num, exponent), pow(den, exponent));
}

function dimArithmetic(operator: string, a: Value, b: Value): Value | NumberProblem {
  if (a.kind === 'error' || b.kind === 'error') return ERROR;
  const [x, y] = [asDim(a), asDim(b)];
  if (!x || !y) return problem('dim-arithmetic');
  const result =
    operator === '*' ? x.times(y) : operator === '/' ? x.over(y) : operator === '+' ? x.plus(y) : undefined;
  return result ? fromDim(result) : problem('dim-arithmetic');
}

/** A size as a value: a whole number, or where it holds the batch a `dim`. */
export function fromDim(dim: Dim): Value {
  return dim.batch ? { kind: 'dim', dim } : { kind: 'rational', num: dim.size, den: 1, origin: dim.origin };
}

/** A value as a size; `undefined` where it is none. */
export function toDim(v: Value): Dim | undefined {
  if (v.kind === 'dim') return v.dim;
  return v.kind === 'rational' && v.den === 1 && v.num >= 0 ? Dim.of(v.num, v.origin) : undefined;
}
