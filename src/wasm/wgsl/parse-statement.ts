import { parseExpression, parseType } from './parse-expression.ts';
import type { ArithmeticOp, BitOp, BlockSyntax, CaseSyntax, StatementSyntax } from './syntax.ts';
import type { TokenReader } from './token-reader.ts';

const COMPOUND = ['+', '-', '*', '/', '%', '&', '|', '^'] as const;

export function parseBlock(reader: TokenReader): BlockSyntax {
  reader.expect('{');
  const statements: StatementSyntax[] = [];
  while (!reader.take('}')) {
    if (!reader.take(';')) statements.push(parseStatement(reader));
  }
  return statements;
}

function parseStatement(reader: TokenReader): StatementSyntax {
  const { at } = reader;
  if (reader.is('{')) return { kind: 'block', body: parseBlock(reader), at };
  if (reader.take('if')) return parseIf(reader, at);
  if (reader.take('for')) return parseFor(reader, at);
  if (reader.take('while')) {
    const condition = parseExpression(reader);
    return { kind: 'loop', condition, body: parseBlock(reader), update: [], at };
  }
  if (reader.take('loop')) return parseLoop(reader, at);
  if (reader.take('switch')) return parseSwitch(reader, at);
  const statement = parseSimple(reader);
  reader.expect(';');
  return statement;
}

/** What ends with a semicolon, or stands in the head of a `for`. */
function parseSimple(reader: TokenReader): StatementSyntax {
  const { at } = reader;
  for (const kind of ['break', 'continue'] as const) if (reader.take(kind)) return { kind, at };
  if (reader.take('return')) {
    return { kind: 'return', value: reader.is(';') ? undefined : parseExpression(reader), at };
  }
  for (const how of ['let', 'var', 'const'] as const) {
    if (!reader.take(how)) continue;
    const name = reader.name('a name');
    const type = reader.take(':') ? parseType(reader) : undefined;
    return {
      kind: 'declare',
      how,
      name,
      type,
      value: reader.take('=') ? parseExpression(reader) : undefined,
      at,
    };
  }
  if (reader.take('_')) {
    reader.expect('=');
    return { kind: 'evaluate', value: parseExpression(reader), at };
  }
  const target = parseExpression(reader);
  if (reader.take('=')) return { kind: 'assign', target, value: parseExpression(reader), at };
  for (const [text, op] of [
    ['++', '+'],
    ['--', '-'],
  ] as const) {
    if (!reader.take(text)) continue;
    return { kind: 'assign', target, op, value: { kind: 'number', value: 1, suffix: 'whole', at }, at };
  }
  const op = takeCompound(reader);
  if (op) return { kind: 'assign', target, op, value: parseExpression(reader), at };
  if (target.kind !== 'call') throw reader.unexpected('an assignment');
  return { kind: 'evaluate', value: target, at };
}

function takeCompound(reader: TokenReader): ArithmeticOp | BitOp | undefined {
  if (reader.take('<<=')) return '<<';
  if (reader.areJoined('>', '>', '=')) {
    reader.skip(3);
    return '>>';
  }
  return COMPOUND.find((op) => reader.take(`${op}=`));
}

type At = StatementSyntax['at'];

function parseIf(reader: TokenReader, at: At): StatementSyntax {
  const condition = parseExpression(reader);
  const body = parseBlock(reader);
  if (!reader.take('else')) return { kind: 'if', condition, body, at };
  const inner = reader.at;
  const otherwise = reader.take('if') ? [parseIf(reader, inner)] : parseBlock(reader);
  return { kind: 'if', condition, body, otherwise, at };
}

function parseFor(reader: TokenReader, at: At): StatementSyntax {
  reader.expect('(');
  const initial = reader.is(';') ? undefined : parseSimple(reader);
  reader.expect(';');
  const condition = reader.is(';') ? undefined : parseExpression(reader);
  reader.expect(';');
  const update = reader.is(')') ? [] : [parseSimple(reader)];
  reader.expect(')');
  return { kind: 'loop', initial, condition, body: parseBlock(reader), update, at };
}

/** `loop { … continuing { … break if c; } }` */
function parseLoop(reader: TokenReader, at: At): StatementSyntax {
  const body: StatementSyntax[] = [];
  const update: StatementSyntax[] = [];
  reader.expect('{');
  while (!reader.is('}') && !reader.is('continuing')) {
    if (!reader.take(';')) body.push(parseStatement(reader));
  }
  let breakIf: ReturnType<typeof parseExpression> | undefined;
  if (reader.take('continuing')) {
    reader.expect('{');
    while (!reader.take('}')) {
      if (reader.take(';')) continue;
      if (!reader.is('break')) {
        update.push(parseStatement(reader));
        continue;
      }
      reader.expect('break');
      reader.expect('if');
      breakIf = parseExpression(reader);
      reader.expect(';');
      reader.expect('}');
      break;
    }
  }
  reader.expect('}');
  return { kind: 'loop', body, update, breakIf, at };
}

function parseSwitch(reader: TokenReader, at: At): StatementSyntax {
  const selector = parseExpression(reader);
  reader.expect('{');
  const cases: CaseSyntax[] = [];
  while (!reader.take('}')) {
    const here = reader.at;
    const values: CaseSyntax['values'][number][] = [];
    if (reader.take('default')) values.push('default');
    else {
      reader.expect('case');
      do {
        if (reader.is(':') || reader.is('{')) break;
        values.push(reader.take('default') ? 'default' : parseExpression(reader));
      } while (reader.take(','));
    }
    reader.take(':');
    cases.push({ values, body: parseBlock(reader), at: here });
  }
  return { kind: 'switch', selector, cases, at };
}
