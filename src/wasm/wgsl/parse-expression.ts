import type { BinaryOp, ExpressionSyntax, TypeSyntax } from './syntax.ts';
import type { TokenReader } from './token-reader.ts';
import { WgslError } from './wgsl-error.ts';

/** What takes arguments in `<>`; other names are followed by a comparison. */
const GENERIC = /^(vec[234]|mat[234]x[234]|array|bitcast|atomic|ptr)$/;

/** Operators by how tightly they bind, loosest first; those that begin with `>` come as single characters. */
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
const LEVEL_OF = new Map<string, number>(LEVELS.flatMap((ops, level) => ops.map((op) => [op, level])));
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

/** An expression of operators that bind at least as tightly. */
function parseLevel(reader: TokenReader, least: number): ExpressionSyntax {
  let left = parseUnary(reader);
  for (;;) {
    const op = operatorAt(reader);
    const level = op && LEVEL_OF.get(op);
    if (op === undefined || level === undefined || level < least) return left;
    reader.skip(op[0] === '>' ? op.length : 1);
    const right = parseLevel(reader, level + 1);
    left = { kind: 'binary', op, left, right, at: left.at };
  }
}

function operatorAt(reader: TokenReader): BinaryOp | undefined {
  const { kind, text } = reader.token;
  if (kind !== 'symbol') return undefined;
  if (text !== '>') return text as BinaryOp;
  if (reader.areJoined('>', '=')) return '>=';
  // `>>=` is an assignment.
  if (reader.areJoined('>', '>')) return reader.areJoined('>', '>', '=') ? undefined : '>>';
  return '>';
}

function parseUnary(reader: TokenReader): ExpressionSyntax {
  const { at, token } = reader;
  const op = token.text;
  if (token.kind === 'symbol' && (op === '-' || op === '!' || op === '~' || op === '&')) {
    reader.skip(1);
    return { kind: 'unary', op, operand: parseUnary(reader), at };
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
