import { type Position, WgslError } from './wgsl-error.ts';

export interface Token {
  readonly kind: 'name' | 'number' | 'symbol' | 'end';
  readonly text: string;
  readonly at: Position;
  /** Nothing stands between it and the next one: `>` and `=` are only then one operator. */
  readonly joined: boolean;
}

/** `>` is always a token of its own, because `vec4<vec4<f32>>` ends two lists; the parser joins operators. */
const SYMBOLS = [
  ...['<<=', '&&', '||', '==', '!=', '<=', '<<', '++', '--', '->'],
  ...['+=', '-=', '*=', '/=', '%=', '&=', '|=', '^='],
  ...'()[]{}<>,;:.=+-*/%&|^!~@_'.split(''),
];

const SPACE = /[ \t\r\n]+|\/\/[^\n]*/y;
const NAME = /[A-Za-z][A-Za-z0-9_]*|_[A-Za-z0-9_]+/y;
// Hexadecimal whole numbers; decimal numbers with fraction, exponent and suffix.
const NUMBER = /0[xX][0-9a-fA-F]+[iu]?|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[iufh]?/y;

/** @throws WgslError where a character begins no token */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  let line = 1;
  let lineStart = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = offset;
    return pattern.exec(text)?.[0];
  };
  const skip = (): void => {
    for (let space = match(SPACE); space !== undefined; space = match(SPACE)) {
      for (let i = 0; i < space.length; i++) {
        if (space[i] !== '\n') continue;
        line++;
        lineStart = offset + i + 1;
      }
      offset += space.length;
    }
  };
  for (skip(); offset < text.length; skip()) {
    const at = { line, column: offset - lineStart + 1 };
    const name = match(NAME);
    const number = name === undefined && /[0-9.]/.test(text[offset]) ? match(NUMBER) : undefined;
    const symbol = SYMBOLS.find((s) => text.startsWith(s, offset));
    const found = name ?? number ?? symbol;
    if (found === undefined) throw new WgslError(`no token begins with ${JSON.stringify(text[offset])}`, at);
    offset += found.length;
    const kind = name !== undefined ? 'name' : number !== undefined ? 'number' : 'symbol';
    const joined = offset < text.length && !/\s/.test(text[offset]);
    tokens.push({ kind, text: found, at, joined });
  }
  tokens.push({ kind: 'end', text: 'the end', at: { line, column: offset - lineStart + 1 }, joined: false });
  return tokens;
}
