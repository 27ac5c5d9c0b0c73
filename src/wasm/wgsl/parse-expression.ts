import type { BinaryOp, ExpressionSyntax, TypeSyntax } from './syntax.ts';
import type { TokenReader } from './token-reader.ts';
import { WgslError } from './wgsl-error.ts';

/** What takes arguments in `<>`; other names are followed by a comparison. */
const GENERIC = /^(vec[234]|mat[234]x[234]|array|bitcast|atomic|ptr)$/;

/** Operators by how tightly they bind, loosest first; `>` comes as single characters. */
const LEVELS: readonly (readonly BinaryOp[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<=', '>=', '<', '>'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];
const RELATIONAL = 6;
const ADDITIVE = 8;

export function parseType(reader: TokenReader): TypeSyntax {
  const { at } = reader;
  const name = reader.name('a type');
  if (!GENERIC.test(name) || !reader.take('<')) return { name, args: [], at };
  return { name, args: reader.list('>', () => parseTypeArgument(reader)), at };
}

/** A type or a size. A comparison cannot stand in it: `>` ends the list. */
function parseTypeArgument(reader: TokenReader): TypeSyntax | ExpressionSyntax {
  const expression = parseLevel(reader, ADDITIVE);
  if (expression.kind === 'name') return { name: expression.name, args: [], at: expression.at };
  if (expression.kind === 'call' && expression.args.length === 0) return expression.callee;
  return expression;
}

export function parseExpression(reader: TokenReader): ExpressionSyntax {
  return parseLevel(reader, 0);
}

function parseLevel(reader: TokenReader, level: number): ExpressionSyntax {
  if (level === LEVELS.length) return parseUnary(reader);
  let left = parseLevel(reader, level + 1);
  for (let op = takeOperator(reader, level); op; op = takeOperator(reader, level)) {
    const right = parseLevel(reader, level + 1);
    left = { kind: 'binary', op, left, right, at: left.at };
  }
  return left;
}

function takeOperator(reader: TokenReader, level: number): BinaryOp | undefined {
  return LEVELS[level].find((op) => {
    if (op === '>' && (reader.is('>', '>') || reader.is('>', '='))) return false;
    if (level < RELATIONAL + 2 && op[0] === '>') {
      // `>>=` is an assignment.
      return !reader.is('>', '>', '=') && reader.take(...op);
    }
    return reader.take(op);
  });
}

function parseUnary(reader: TokenReader): ExpressionSyntax {
  const { at } = reader;
  for (const op of ['-', '!', '~', '&'] as const) {
    if (reader.take(op)) return { kind: 'unary', op, operand: parseUnary(reader), at };
  }
  return parsePostfix(reader, parsePrimary(reader));
}

function parsePostfix(reader: TokenReader, base: ExpressionSyntax): ExpressionSyntax {
  const { at } = base;
  if (reader.take('.')) {
    return parsePostfix(reader, { kind: 'member', base, name: reader.name('a member'), at });
  }
  if (reader.take('[')) {
    const index = parseExpression(reader);
    reader.expect(']');
    return parsePostfix(reader, { kind: 'index', base, index, at });
  }
  return base;
}

function parsePrimary(reader: TokenReader): ExpressionSyntax {
  const { at, token } = reader;
  if (reader.take('(')) {
    const inner = parseExpression(reader);
    reader.expect(')');
    return inner;
  }
  if (token.kind === 'number') return parseNumber(reader);
  if (token.kind !== 'name') throw reader.unexpected('an expression');
  if (reader.take('true')) return { kind: 'bool', value: true, at };
  if (reader.take('false')) return { kind: 'bool', value: false, at };
  const type = parseType(reader);
  if (reader.take('(')) {
    return { kind: 'call', callee: type, args: reader.list(')', () => parseExpression(reader)), at };
  }
  // A type as an argument of another one is read as an expression: see parseTypeArgument.
  if (type.args.length > 0) return { kind: 'call', callee: type, args: [], at };
  return { kind: 'name', name: type.name, at };
}

function parseNumber(reader: TokenReader): ExpressionSyntax {
  const { text, at } = reader.advance();
  const hexadecimal = /^0x/i.test(text);
  const last = text.at(-1)!;
  const suffixed = hexadecimal ? /[iu]/.test(last) : /[iufh]/.test(last);
  const digits = suffixed ? text.slice(0, -1) : text;
  const whole = hexadecimal || !/[.eE]/.test(digits);
  const suffix = suffixed ? (last as 'i' | 'u' | 'f' | 'h') : whole ? 'whole' : 'real';
  if ((suffix === 'i' || suffix === 'u') && !whole) throw new WgslError(`${text} is no whole number`, at);
  return { kind: 'number', value: Number(digits), suffix, at };
}
