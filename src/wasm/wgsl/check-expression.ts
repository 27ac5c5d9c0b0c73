import { checkCall } from './check-call.ts';
import { coerce, concrete, foldBinary, foldUnary, literal, unify } from './coerce.ts';
import type { Scope } from './scope.ts';
import type { BinaryOp, ExpressionSyntax } from './syntax.ts';
import type { Expression } from './tree.ts';
import {
  BOOL,
  elementOf,
  F16,
  F32,
  I32,
  isBoolean,
  isInteger,
  isNumeric,
  isSame,
  REAL,
  type Scalar,
  type Type,
  U32,
  vector,
  WHOLE,
  withElement,
} from './types.ts';
import { WgslError } from './wgsl-error.ts';

const SUFFIXES: Readonly<Record<string, Scalar>> = {
  i: I32,
  u: U32,
  f: F32,
  h: F16,
  whole: WHOLE,
  real: REAL,
};

/** Gives an expression its type. @throws WgslError */
export function checkExpression(e: ExpressionSyntax, scope: Scope): Expression {
  const { at } = e;
  switch (e.kind) {
    case 'number': {
      const type = SUFFIXES[e.suffix];
      return type === REAL
        ? literal(REAL, e.value, at)
        : coerce(literal(type === F32 || type === F16 ? REAL : WHOLE, e.value, at), type);
    }
    case 'bool':
      return literal(BOOL, e.value ? 1 : 0, at);
    case 'name': {
      const meaning = scope.find(e.name);
      if (meaning?.kind === 'constant') return { ...meaning.value, at };
      if (meaning?.kind !== 'variable') throw new WgslError(`there is no variable "${e.name}"`, at);
      return { kind: 'variable', type: meaning.variable.type, variable: meaning.variable, at };
    }
    case 'member':
      return checkMember(checkExpression(e.base, scope), e.name);
    case 'index': {
      const index = concrete(checkExpression(e.index, scope));
      if (index.type.kind !== 'scalar' || !isInteger(index.type))
        throw new WgslError('an index is a whole number', index.at);
      const base = checkExpression(e.base, scope);
      return { kind: 'index', type: partOf(base), base, index, at };
    }
    case 'unary':
      return checkUnary(e.op, checkExpression(e.operand, scope));
    case 'binary':
      return checkBinary(e.op, checkExpression(e.left, scope), checkExpression(e.right, scope));
    case 'call':
      return checkCall(
        e.callee,
        e.args.map((a) => checkExpression(a, scope)),
        scope,
        (constant) => checkExpression(constant, scope),
      );
  }
}

function partOf({ type, at }: Expression): Type {
  if (type.kind === 'array' || type.kind === 'vector') return type.of;
  if (type.kind === 'matrix') return type.column;
  throw new WgslError(`${type.name} has no elements`, at);
}

function checkMember(base: Expression, name: string): Expression {
  const { type, at } = base;
  if (type.kind === 'struct') {
    const member = type.members.findIndex((m) => m.name === name);
    if (member < 0) throw new WgslError(`${type.name} has no member ${name}`, at);
    return { kind: 'field', type: type.members[member].type, base, member, at };
  }
  if (type.kind !== 'vector') throw new WgslError(`${type.name} has no members`, at);
  const letters = ['xyzw', 'rgba'].find((set) => [...name].every((c) => set.includes(c)));
  const lanes = [...name].map((c) => letters?.indexOf(c) ?? -1);
  if (lanes.length > 4 || lanes.some((k) => k < 0 || k >= type.size))
    throw new WgslError(`${type.name} has no components ${name}`, at);
  const result = lanes.length === 1 ? type.of : vector(lanes.length as 2 | 3 | 4, type.of);
  return { kind: 'swizzle', type: result, base, lanes, at };
}

function checkUnary(op: '-' | '!' | '~' | '&', operand: Expression): Expression {
  const { type, at } = operand;
  if (op === '&') throw new WgslError('a pointer may only be given to atomicStore', at);
  const fits =
    op === '!'
      ? isBoolean(type)
      : op === '~'
        ? isInteger(type)
        : isNumeric(type) && elementOf(type)!.name !== 'u32';
  if (!fits) throw new WgslError(`there is no ${op} of ${type.name}`, at);
  return foldUnary(op, operand) ?? { kind: 'unary', op, type, operand, at };
}

const splat = (e: Expression, like: Type): Expression =>
  e.type.kind === 'scalar' && like.kind === 'vector'
    ? { kind: 'splat', type: withElement(like, e.type), operand: e, at: e.at }
    : e;

/** An operator on two expressions. @throws WgslError where their types do not go together */
export function checkBinary(op: BinaryOp, left: Expression, right: Expression): Expression {
  const { at } = left;
  if (op === '&&' || op === '||') {
    return { kind: 'logical', op, type: BOOL, left: coerce(left, BOOL), right: coerce(right, BOOL), at };
  }
  const wrong = () => new WgslError(`there is no ${op} of ${left.type.name} and ${right.type.name}`, at);
  if (op === '<<' || op === '>>') {
    const amount = splat(coerce(right, withElement(right.type, U32)), left.type);
    const shifted = concrete(left);
    if (!isInteger(shifted.type) || !isSame(amount.type, withElement(shifted.type, U32))) throw wrong();
    return (
      foldBinary(op, shifted, amount) ?? {
        kind: 'binary',
        op,
        type: shifted.type,
        left: shifted,
        right: amount,
        at,
      }
    );
  }
  if (left.type.kind === 'matrix') {
    const factor = coerce(right, F32);
    if (op !== '*') throw wrong();
    return { kind: 'binary', op, type: left.type, left, right: factor, at };
  }
  let [a, b] = unify(left, right);
  const isArithmetic = '+-*/%'.includes(op);
  const comparison = /^[<>=!]/.test(op);
  // A scalar stands for a vector of it, except beside a comparison or an operator of bits.
  if (isArithmetic) [a, b] = [splat(a, b.type), splat(b, a.type)];
  if (!isSame(a.type, b.type)) throw wrong();
  const fits = isArithmetic
    ? isNumeric(a.type)
    : comparison
      ? isNumeric(a.type) || (isBoolean(a.type) && (op === '==' || op === '!='))
      : isInteger(a.type) || isBoolean(a.type);
  if (!fits) throw wrong();
  const type = comparison ? withElement(a.type, BOOL) : a.type;
  return foldBinary(op, a, b) ?? { kind: 'binary', op, type, left: a, right: b, at };
}
