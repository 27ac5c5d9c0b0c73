import type { BinaryOperator, Expr } from '../../grammar/ast.ts';
import { isInt, isNumber, show, type Value } from './values.ts';

/** The text of a plain name, or `x`: hints show what to write with it. */
const named = (expr: Expr, otherwise: string): string => (expr.kind === 'name' ? expr.name : otherwise);

/** What to write instead of `left operator right`, whose kinds the operator does not take. */
export function operandHint(
  operator: BinaryOperator,
  left: Value,
  right: Value,
  leftExpr: Expr,
  rightExpr: Expr,
): string | undefined {
  const [a, b] = [named(leftExpr, 'x'), named(rightExpr, 'x')];
  for (const [value, text] of [
    [left, a],
    [right, b],
  ] as const) {
    const hint = operandOf(value, text);
    if (hint) return hint;
  }
  if (left.kind === 'string' || right.kind === 'string') {
    return operator === '+'
      ? 'strings cannot be joined; write the text out'
      : 'strings can only be compared, with == and !=';
  }
  if (left.kind === 'tensor' || right.kind === 'tensor') return tensorHint(operator, left, right, a, b);
  const [one, other] = [left.kind, right.kind];
  if (operator === '+' && one === 'list') return `a list grows by a list: \`${a} + [${b}]\``;
  if (operator === '+' && other === 'list') return `a list grows by a list: \`[${a}] + ${b}\``;
  if (one === 'vector' || other === 'vector') {
    const number = [left, right].find(isNumber);
    if (operator === '+' && !number) return '`+` joins a vector with a vector: `<1, 2> + <3>`';
    const [vector, operand] = one === 'vector' ? [a, `v ${operator} `] : [b, ` ${operator} v`];
    const value = number ? show(number) : 'n';
    const item = one === 'vector' ? `${operand}${value}` : `${value}${operand}`;
    return `operators take no vectors entry by entry: \`[${item} for v in ${vector}]\` is a list`;
  }
  if (one === 'list' || other === 'list') {
    return `entry by entry: \`[s ${operator} 2 for s in ${one === 'list' ? a : b}]\`, or a loop`;
  }
  if (one === 'range' || other === 'range') return 'give the end of a range parentheses: `0..(n + 1)`';
  if (one === 'bool' || other === 'bool')
    return 'true and false are taken by `and`, `or`, `not`; a number of them is `if c { 1 } else { 0 }`';
  return undefined;
}

/** Operands that no operator takes. */
function operandOf(value: Value, text: string): string | undefined {
  if (value.kind === 'instance') return `call the instance first: \`${text}(…)\``;
  if (value.kind === 'indexed') return `call one of the instances: \`${text}[0](…)\``;
  if (value.kind === 'op' || value.kind === 'builtin' || value.kind === 'def')
    return `call it first: \`${text}(…)\``;
  if (value.kind === 'none') return `\`${text}\` is none; test with \`exists(${text})\` before`;
  if (value.kind === 'enum') return 'a variant is compared with the names of its alternatives, by == and !=';
  return undefined;
}

function tensorHint(
  operator: BinaryOperator,
  left: Value,
  right: Value,
  a: string,
  b: string,
): string | undefined {
  const comparing = ['<', '<=', '>', '>=', '==', '!='].includes(operator);
  if (comparing)
    return 'a network cannot depend on the values of a tensor; compare sizes, as in `shape(x)[1]`';
  if (operator === '%') return 'there is no remainder of tensors';
  if (operator === '^') {
    if (left.kind !== 'tensor') return 'of tensors there is `exp(x)`, e to the x';
    if (!isInt(right)) return `powers of tensors are products: \`${a} * ${a}\``;
    if (right.num === -1) return `\`full([1], 1) / ${a}\``;
    if (right.num >= 2 && right.num <= 4) return `\`${new Array(right.num).fill(a).join(' * ')}\``;
    return `powers of tensors are products: \`${a} * ${a}\``;
  }
  if (operator === '/' && isNumber(left)) return `\`full([1], ${show(left)}) / ${b}\``;
  const other = left.kind === 'tensor' ? right : left;
  const text = left.kind === 'tensor' ? b : a;
  const tensor = left.kind === 'tensor' ? a : b;
  if (other.kind === 'list') {
    return operator === '+'
      ? `a list grows by a list: \`${left.kind === 'list' ? `${a} + [${b}]` : `[${a}] + ${b}`}\``
      : `entry by entry: \`[s ${operator} ${tensor} for s in ${text}]\``;
  }
  if (other.kind === 'vector') return 'numbers stand alone beside a tensor; a vector of weights is a `param`';
  if (other.kind === 'bool') return `\`if ${text} { … } else { … }\` chooses between tensors`;
  return undefined;
}
