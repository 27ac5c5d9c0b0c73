import { parseExpression, parseType } from './parse-expression.ts';
import { parseBlock } from './parse-statement.ts';
import type { AttributeSyntax, FunctionSyntax, GlobalSyntax, MemberSyntax, ModuleSyntax } from './syntax.ts';
import { TokenReader } from './token-reader.ts';
import { WgslError } from './wgsl-error.ts';

/**
 * Parses a module of WGSL.
 *
 * @throws WgslError with the place of what is no WGSL, or is left out of the subset
 */
export function parseModule(text: string): ModuleSyntax {
  const reader = new TokenReader(text);
  const enables: string[] = [];
  const structs: ModuleSyntax['structs'][number][] = [];
  const globals: GlobalSyntax[] = [];
  const functions: FunctionSyntax[] = [];
  while (reader.token.kind !== 'end') {
    if (reader.take(';')) continue;
    const { at } = reader;
    if (reader.take('enable')) {
      const name = reader.name('an extension');
      if (name !== 'f16') throw new WgslError(`the extension ${name} is not supported`, at);
      enables.push(name);
      reader.expect(';');
      continue;
    }
    const attributes = parseAttributes(reader);
    if (reader.take('struct')) {
      const name = reader.name('a name');
      reader.expect('{');
      structs.push({ name, members: reader.list('}', () => parseMember(reader)), at });
    } else if (reader.take('fn')) {
      functions.push(parseFunction(reader, attributes, at));
    } else if (reader.is('var') || reader.is('const')) {
      globals.push(parseGlobal(reader, attributes, at));
    } else if (reader.token.kind === 'name') {
      throw new WgslError(`"${reader.token.text}" is not supported`, at);
    } else throw reader.unexpected('a declaration');
  }
  return { enables, structs, globals, functions };
}

function parseAttributes(reader: TokenReader): AttributeSyntax[] {
  const attributes: AttributeSyntax[] = [];
  for (let { at } = reader; reader.take('@'); { at } = reader) {
    const name = reader.name('an attribute');
    const args = reader.take('(') ? reader.list(')', () => parseExpression(reader)) : [];
    attributes.push({ name, args, at });
  }
  return attributes;
}

function parseMember(reader: TokenReader): MemberSyntax {
  const attributes = parseAttributes(reader);
  const { at } = reader;
  const name = reader.name('a name');
  reader.expect(':');
  return { name, type: parseType(reader), attributes, at };
}

function parseFunction(
  reader: TokenReader,
  attributes: readonly AttributeSyntax[],
  at: FunctionSyntax['at'],
): FunctionSyntax {
  const name = reader.name('a name');
  reader.expect('(');
  const parameters = reader.list(')', () => parseMember(reader));
  const result = reader.take('->') ? parseType(reader) : undefined;
  return { name, attributes, parameters, result, body: parseBlock(reader), at };
}

function parseGlobal(
  reader: TokenReader,
  attributes: readonly AttributeSyntax[],
  at: GlobalSyntax['at'],
): GlobalSyntax {
  const how = reader.take('const') ? 'const' : 'var';
  if (how === 'var') reader.expect('var');
  const space = reader.take('<') ? reader.list('>', () => reader.name('an address space')) : [];
  const name = reader.name('a name');
  const type = reader.take(':') ? parseType(reader) : undefined;
  const value = reader.take('=') ? parseExpression(reader) : undefined;
  reader.expect(';');
  return { name, how, space, attributes, type, value, at };
}
