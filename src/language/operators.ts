import type { BinaryOperator, Expr } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import type { Context, Given } from './context.ts';
import type { Env } from './env.ts';
import { fitsF32 } from './f32.ts';
import { arithmetic } from './numbers.ts';
import { applyOp } from './op-call.ts';
import { operandHint } from './operand-hints.ts';
import { bool, describe, ERROR, float, int, isInt, isNumber, show, toNumber, type Value } from './values.ts';

type Binary = Extract<Expr, { kind: 'binary' }>;

const tensorOps: Partial<Record<BinaryOperator, string>> = { '+': 'add', '-': 'sub', '*': 'mul', '/': 'div' };

export function evaluateBinary(c: Context, expr: Binary, env: Env): Value {
  const { operator } = expr;
  if (operator === 'and' || operator === 'or') {
    const left = truth(c, expr.left, env);
    if (left === undefined) return ERROR;
    if (left === (operator === 'or')) return bool(left);
    const right = truth(c, expr.right, env);
    return right === undefined ? ERROR : bool(right);
  }
  const left = c.evaluate(expr.left, env);
  const right = alternativeOf(left, expr.right, env) ?? c.evaluate(expr.right, env);
  if (left.kind === 'error' || right.kind === 'error') return ERROR;
  if (operator === '==' || operator === '!=') {
    const same = equal(left, right);
    if (same !== undefined) return bool(same === (operator === '=='));
  } else if (operator === '<' || operator === '<=' || operator === '>' || operator === '>=') {
    if (isNumber(left) && isNumber(right)) return bool(compare(operator, toNumber(left), toNumber(right)));
  } else if (left.kind === 'tensor' || right.kind === 'tensor') {
    const result = tensorArithmetic(c, expr, left, right, env);
    if (result) return result;
  } else if (
    operator === '+' &&
    (left.kind === 'list' || left.kind === 'vector') &&
    right.kind === left.kind
  ) {
    c.limits.step(expr.span, left.items.length + right.items.length);
    return { kind: left.kind, items: [...left.items, ...right.items] };
  } else {
    const result = arithmetic(operator, left, right);
    if (result?.kind === 'problem') {
      if (result.code === 'division-by-zero') c.report('division-by-zero', expr.right.span, {});
      else if (result.code === 'dim-arithmetic') c.report('batch-arithmetic', expr.operatorSpan, {});
      else
        c.report('number-too-large', expr.span, {
          number: `${describe(left)} ${operator} ${describe(right)}`,
        });
      return ERROR;
    }
    if (result) return result;
  }
  c.report(
    'bad-operands',
    expr.operatorSpan,
    { operator, left: describe(left), right: describe(right) },
    {
      labels: [
        { span: expr.left.span, text: describe(left) },
        { span: expr.right.span, text: describe(right) },
      ],
      hint: operandHint(operator, left, right, expr.left, expr.right),
    },
  );
  return ERROR;
}

/** `variant == residual`: the name of an alternative, where one is compared with. */
function alternativeOf(left: Value, right: Expr, env: Env): Value | undefined {
  if (left.kind !== 'enum' || right.kind !== 'name' || env.vars.has(right.name)) return undefined;
  const { alternatives } = left;
  return alternatives.some((a) => a.name.name === right.name)
    ? { kind: 'enum', value: right.name, alternatives }
    : undefined;
}

function compare(operator: '<' | '<=' | '>' | '>=', a: number, b: number): boolean {
  if (operator === '<') return a < b;
  if (operator === '<=') return a <= b;
  return operator === '>' ? a > b : a >= b;
}

function equal(a: Value, b: Value): boolean | undefined {
  if (isNumber(a) && isNumber(b)) return toNumber(a) === toNumber(b);
  if (a.kind === 'dim' && b.kind === 'dim') return a.dim.equals(b.dim);
  if (a.kind === 'none' || b.kind === 'none') return a.kind === b.kind;
  if ((a.kind === 'vector' && b.kind === 'vector') || (a.kind === 'list' && b.kind === 'list')) {
    if (a.items.length !== b.items.length) return false;
    const all = a.items.map((v, i) => equal(v, b.items[i]));
    return all.includes(undefined) ? undefined : !all.includes(false);
  }
  if (a.kind === 'bool' && b.kind === 'bool') return a.value === b.value;
  if ((a.kind === 'string' || a.kind === 'enum') && (b.kind === 'string' || b.kind === 'enum'))
    return a.value === b.value;
  return undefined;
}

/** The value of a condition; reported where it is neither true nor false. */
export function truth(c: Context, expr: Expr, env: Env): boolean | undefined {
  const value = c.evaluate(expr, env);
  if (value.kind === 'bool') return value.value;
  if (value.kind !== 'error') {
    c.report('wrong-type', expr.span, {
      what: 'a condition',
      expected: 'true or false',
      found: describe(value),
    });
  }
  return undefined;
}

/** The value of the `if` after a declaration. */
export function condition(c: Context, cond: Expr | undefined, env: Env): boolean | undefined {
  return cond ? truth(c, cond, env) : true;
}

export function evaluateUnary(c: Context, expr: Extract<Expr, { kind: 'unary' }>, env: Env): Value {
  if (expr.operator === 'not') {
    const value = truth(c, expr.operand, env);
    return value === undefined ? ERROR : bool(!value);
  }
  const value = c.evaluate(expr.operand, env);
  if (value.kind === 'error') return value;
  if (value.kind === 'rational') return { ...value, num: 0 - value.num, origin: undefined };
  if (value.kind === 'float') return { kind: 'float', value: -value.value };
  if (value.kind === 'tensor') return affine(c, value, -1, 0, expr.span, env);
  c.report('wrong-type', expr.operand.span, {
    what: '`-`',
    expected: 'a number or a tensor',
    found: describe(value),
  });
  return ERROR;
}

function tensorArithmetic(c: Context, expr: Binary, left: Value, right: Value, env: Env): Value | undefined {
  const { operator, span } = expr;
  if (left.kind === 'tensor' && right.kind === 'tensor') {
    const op = c.ops.get(tensorOps[operator] ?? '');
    const given = (value: Value, e: Expr): Given => ({ name: undefined, value, span: e.span, expr: e });
    return op && applyOp(c, op, [given(left, expr.left), given(right, expr.right)], expr.operatorSpan, env);
  }
  const [tensor, number, numberExpr] =
    left.kind === 'tensor' ? [left, right, expr.right] : [right, left, expr.left];
  if (!isNumber(number)) return undefined;
  const n = toNumber(number);
  if (tensor.kind === 'tensor' && tensor.dtype === 'i32' && whole(number)) {
    if (operator === '+') return increment(c, tensor, n, span, env);
    if (operator === '-' && left === tensor) return increment(c, tensor, -n, span, env);
  }
  const constants = affineOf(operator, n, left.kind === 'tensor');
  if (constants === undefined) return undefined;
  if (constants === 'division-by-zero') {
    c.report('division-by-zero', expr.right.span, {});
    return ERROR;
  }
  const [factor, offset] = constants;
  const counted = operator === '+' || operator === '-' ? n : factor;
  const what = operator === '/' ? `1 / ${show(number)}, which the tensor is multiplied by,` : 'this number';
  const from = { span: numberExpr.span, expr: numberExpr, env };
  if (!fitsF32(c, what, counted, from)) return ERROR;
  return affine(c, tensor, factor, offset, span, env, numberExpr);
}

/** `x op n`, or `n op x`, as factor and offset of x; `undefined` where there is no such operator. */
function affineOf(
  operator: BinaryOperator,
  n: number,
  tensorFirst: boolean,
): readonly [factor: number, offset: number] | 'division-by-zero' | undefined {
  switch (operator) {
    case '+':
      return [1, n];
    case '-':
      return tensorFirst ? [1, -n] : [-1, n];
    case '*':
      return [n, 0];
    case '/':
      if (!tensorFirst) return undefined;
      return n === 0 ? 'division-by-zero' : [1 / n, 0];
    default:
      return undefined;
  }
}

/** `x * factor + offset`; `number` is what the constants come from. */
function affine(
  c: Context,
  x: Value,
  factor: number,
  offset: number,
  span: Span,
  env: Env,
  number?: Expr,
): Value {
  return withNumbers(c, 'affine', x, { factor: float(factor), offset: float(offset) }, span, env, number);
}

/** A number that an i32 can hold. */
const whole = (v: Value): boolean => isInt(v) && Math.abs(v.num) < 2 ** 31;

/** Whole numbers stay whole where one is added. */
function increment(c: Context, x: Value, by: number, span: Span, env: Env): Value {
  return withNumbers(c, 'increment', x, { by: int(by) }, span, env);
}

function withNumbers(
  c: Context,
  name: string,
  x: Value,
  numbers: Readonly<Record<string, Value>>,
  span: Span,
  env: Env,
  expr?: Expr,
): Value {
  const op = c.ops.get(name);
  if (!op) return ERROR;
  const attributes = Object.entries(numbers).map(
    ([key, value]): Given => ({ name: { name: key, span }, value, span: expr?.span ?? span, expr }),
  );
  const operand: Given = { name: undefined, value: x, span, expr: undefined };
  return applyOp(c, op, [operand, ...attributes], span, env);
}
