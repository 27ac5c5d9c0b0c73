import { arithmetic, compare, complement, convert, negate } from './arithmetic.ts';
import type { ArithmeticOp, BitOp, ComparisonOp } from './syntax.ts';
import type { Expression } from './tree.ts';
import {
  BOOL,
  elementOf,
  F32,
  I32,
  isSame,
  type Scalar,
  type ScalarName,
  type Type,
  withElement,
} from './types.ts';
import { type Position, WgslError } from './wgsl-error.ts';

/** Literals without a type, and constants of one. */

const isAbstract = (name: ScalarName | undefined) => name === 'whole' || name === 'real';

export const literal = (type: Scalar, value: number, at: Position): Expression => ({
  kind: 'literal',
  type,
  value,
  at,
});

/** A literal of no type yet becomes one of `type`; anything else has it already. @throws WgslError */
export function coerce(e: Expression, type: Type): Expression {
  if (isSame(e.type, type)) return e;
  const converted = tryCoerce(e, type);
  if (converted) return converted;
  throw new WgslError(`${e.type.name} stands where ${type.name} is expected`, e.at);
}

function tryCoerce(e: Expression, type: Type): Expression | undefined {
  if (isSame(e.type, type)) return e;
  const from = elementOf(e.type)?.name;
  const to = elementOf(type)?.name;
  if (from === undefined || to === undefined || !isAbstract(from) || to === 'bool') return undefined;
  if (from === 'real' && to !== 'f32' && to !== 'f16' && to !== 'real') return undefined;
  if (e.kind === 'literal' && type.kind === 'scalar') {
    const value = convert(to, from, e.value);
    const exact = to === 'i32' || to === 'u32' ? value === e.value : Number.isFinite(value);
    if (!exact) throw new WgslError(`${e.value} is beyond ${to}`, e.at);
    return literal(type, value, e.at);
  }
  if (!isSame(withElement(e.type, elementOf(type)!), type)) return undefined;
  if (e.kind === 'splat') return { ...e, type, operand: coerce(e.operand, elementOf(type)!) };
  if (e.kind === 'construct') {
    return { ...e, type, parts: e.parts.map((p) => coerce(p, withElement(p.type, elementOf(type)!))) };
  }
  return undefined;
}

/** The type that a literal has where nothing asks for another one. */
export function concrete(e: Expression): Expression {
  const of = elementOf(e.type);
  if (!isAbstract(of?.name)) return e;
  return coerce(e, withElement(e.type, of!.name === 'whole' ? I32 : F32));
}

/** Two operands of one scalar: literals take the other's type. */
export function unify(left: Expression, right: Expression): [Expression, Expression] {
  const [a, b] = [elementOf(left.type), elementOf(right.type)];
  if (a === undefined || b === undefined || a.name === b.name) return [left, right];
  return (
    attempt(() => [left, coerce(right, withElement(right.type, a))]) ??
    attempt(() => [coerce(left, withElement(left.type, b)), right]) ?? [left, right]
  );
}

function attempt<T>(f: () => T): T | undefined {
  try {
    return f();
  } catch (error) {
    if (error instanceof WgslError) return undefined;
    throw error;
  }
}

/** The literal that an operator makes of two literals of one type. */
export function foldBinary(
  op: ArithmeticOp | BitOp | ComparisonOp,
  left: Expression,
  right: Expression,
): Expression | undefined {
  if (left.kind !== 'literal' || right.kind !== 'literal' || left.type.kind !== 'scalar') return undefined;
  const { at } = left;
  if (/^[<>=!]=?$/.test(op))
    return literal(BOOL, compare(op as ComparisonOp, left.value, right.value) ? 1 : 0, at);
  const value = arithmetic(op as ArithmeticOp | BitOp, left.type.name, left.value, right.value);
  return literal(left.type, value, at);
}

export function foldUnary(op: '-' | '!' | '~', e: Expression): Expression | undefined {
  if (e.kind !== 'literal' || e.type.kind !== 'scalar') return undefined;
  const { name } = e.type;
  const value = op === '-' ? negate(name, e.value) : op === '~' ? complement(name, e.value) : 1 - e.value;
  return literal(e.type, value, e.at);
}

export function foldConvert(e: Expression, to: Scalar): Expression | undefined {
  if (e.kind !== 'literal' || e.type.kind !== 'scalar') return undefined;
  return literal(to, convert(to.name, e.type.name, e.value), e.at);
}
