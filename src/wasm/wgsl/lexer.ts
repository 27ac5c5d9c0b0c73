import { reservedWords } from './reserved-words.ts';
import { type Position, WgslError } from './wgsl-error.ts';

export interface Token {
  readonly kind: 'name' | 'number' | 'symbol' | 'end';
  readonly text: string;
  readonly at: Position;
  /** Nothing stands between it and the next one: `>` and `=` are only then one operator. */
  readonly joined: boolean;
}

const SPACE = /(?:[ \t\r\n]+|\/\/[^\n]*)*/y;
/**
 * A name; a hexadecimal whole number, or a decimal number with fraction, exponent and suffix; a symbol. `>` is always a
 * token of its own, because `vec4<vec4<f32>>` ends two lists; the parser joins operators.
 */
const TOKEN = new RegExp(
  [
    /([A-Za-z][A-Za-z0-9_]*|_[A-Za-z0-9_]+)/,
    /(0[xX][0-9a-fA-F]+[iu]?|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[iufh]?)/,
    /(<<=|&&|\|\||[=!<+\-*/%&|^]=|<<|\+\+|--|->|[()[\]{}<>,;:.=+\-*/%&|^!~@_])/,
  ]
    .map((r) => r.source)
    .join('|'),
  'y',
);

/** @throws WgslError where a character begins no token, or a reserved word stands */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let lineStart = 0;
  let nextLine = text.indexOf('\n');
  for (let offset = 0; ; ) {
    SPACE.lastIndex = offset;
    SPACE.test(text);
    offset = SPACE.lastIndex;
    for (; nextLine >= 0 && nextLine < offset; nextLine = text.indexOf('\n', lineStart)) {
      line++;
      lineStart = nextLine + 1;
    }
    const at = { line, column: offset - lineStart + 1 };
    if (offset === text.length) {
      tokens.push({ kind: 'end', text: 'the end', at, joined: false });
      return tokens;
    }
    TOKEN.lastIndex = offset;
    const found = TOKEN.exec(text);
    if (!found) throw new WgslError(`no token begins with ${JSON.stringify(text[offset])}`, at);
    offset = TOKEN.lastIndex;
    const kind = found[1] !== undefined ? 'name' : found[2] !== undefined ? 'number' : 'symbol';
    if (kind === 'name' && reservedWords.has(found[0]))
      throw new WgslError(`"${found[0]}" is a reserved word of WGSL`, at);
    const joined = offset < text.length && !isSpace(text.charCodeAt(offset));
    tokens.push({ kind, text: found[0], at, joined });
  }
}

const isSpace = (code: number): boolean => code === 32 || (code >= 9 && code <= 13);
