import { exponentOf, scale } from '../../math.ts';
import type { ArithmeticOp, BitOp, ComparisonOp } from './syntax.ts';
import type { ScalarName } from './types.ts';

/**
 * WGSL's arithmetic on scalars, as the checker folds constants and the interpreter computes. Numbers of u32 are
 * 0 … 2³² - 1, those of i32 signed, of bool 0 and 1, of f32 rounded to it.
 */

const words = new Int32Array(1);
const floats = new Float32Array(words.buffer);

/** A number as one of its type: whole numbers wrap, f32 rounds. */
export function wrap(type: ScalarName, x: number): number {
  switch (type) {
    case 'i32':
      return x | 0;
    case 'u32':
      return x >>> 0;
    case 'f32':
      return Math.fround(x);
    default:
      return x;
  }
}

export function arithmetic(op: ArithmeticOp | BitOp, type: ScalarName, a: number, b: number): number {
  if (type === 'bool') return op === '&' ? a & b : op === '|' ? a | b : a ^ b;
  if (type === 'f32' || type === 'real') return wrap(type, realArithmetic(op, a, b));
  if (type === 'whole') return wholeArithmetic(op, a, b);
  switch (op) {
    case '+':
      return wrap(type, a + b);
    case '-':
      return wrap(type, a - b);
    case '*':
      return wrap(type, Math.imul(a, b));
    // What has no result is the left operand, and its remainder 0.
    case '/':
      return b === 0 ? a : wrap(type, Math.trunc(a / b));
    case '%':
      return b === 0 ? 0 : wrap(type, a % b);
    case '&':
      return wrap(type, a & b);
    case '|':
      return wrap(type, a | b);
    case '^':
      return wrap(type, a ^ b);
    case '<<':
      return wrap(type, a << (b & 31));
    case '>>':
      return type === 'u32' ? a >>> (b & 31) : a >> (b & 31);
  }
}

/** In float64: rounded to float32, sums, products, quotients of two float32 are those of float32. */
function realArithmetic(op: ArithmeticOp | BitOp, a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      // a - b * trunc(a / b), each step rounded.
      return a - Math.fround(b * Math.trunc(Math.fround(a / b)));
    default:
      throw new Error(`${op} of real numbers`);
  }
}

function wholeArithmetic(op: ArithmeticOp | BitOp, a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return Math.trunc(a / b);
    case '%':
      return a % b;
    default: {
      const bits = { '&': (x: bigint, y: bigint) => x & y, '|': (x: bigint, y: bigint) => x | y };
      const more = { '^': (x: bigint, y: bigint) => x ^ y, '<<': (x: bigint, y: bigint) => x << y };
      const all = { ...bits, ...more, '>>': (x: bigint, y: bigint) => x >> y };
      return Number(all[op](BigInt(a), BigInt(b)));
    }
  }
}

export function compare(op: ComparisonOp, a: number, b: number): boolean {
  switch (op) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}

export function negate(type: ScalarName, x: number): number {
  return type === 'i32' ? -x | 0 : -x;
}

export function complement(type: ScalarName, x: number): number {
  return wrap(type, ~x);
}

/** `T(x)`: floats become whole numbers towards zero, at most the ends of their range, NaN 0. */
export function convert(to: ScalarName, from: ScalarName, x: number): number {
  switch (to) {
    case 'bool':
      return x !== 0 ? 1 : 0;
    case 'f32':
      return Math.fround(x);
    case 'f16':
      return roundToHalf(x);
    case 'i32':
      return isReal(from) ? saturate(x, -(2 ** 31), 2 ** 31 - 1) : x | 0;
    case 'u32':
      return isReal(from) ? saturate(x, 0, 2 ** 32 - 1) : x >>> 0;
    default:
      return x;
  }
}

const isReal = (type: ScalarName) => type === 'f32' || type === 'f16' || type === 'real';
const saturate = (x: number, low: number, high: number) =>
  Number.isNaN(x) ? 0 : Math.min(Math.max(Math.trunc(x), low), high) + 0;

/** The same 32 bits as another type. */
export function bitcast(to: ScalarName, from: ScalarName, x: number): number {
  if (from === 'f32') floats[0] = x;
  else words[0] = x;
  if (to === 'f32') return floats[0];
  return to === 'u32' ? words[0] >>> 0 : words[0];
}

/** The nearest number of half precision, ties to even; beyond 65504 infinity. */
export function roundToHalf(x: number): number {
  if (!Number.isFinite(x) || x === 0) return x;
  // Steps are 2^-24 below 2^-14, else 2^-10 of the power of two below.
  const exponent = Math.max(exponentOf(x), -14);
  const step = scale(1, exponent - 10);
  const scaled = x / step;
  const low = Math.floor(scaled);
  const rest = scaled - low;
  const rounded = rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low;
  const half = rounded * step;
  return Math.abs(half) > 65504 ? Math.sign(x) * Number.POSITIVE_INFINITY : half;
}
