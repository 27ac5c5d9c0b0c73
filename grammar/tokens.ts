import { createToken, type IToken, Lexer, type TokenType } from 'chevrotain';

/** Names. Words that only matter in one place (`input`, `block`, …) belong to this category and stay usable. */
export const Identifier = createToken({ name: 'Identifier', label: 'a name', pattern: /[A-Za-z_]\w*/ });

// `\b` and not `longer_alt`: `in` must not stand in the way of `input`.
const whole = (text: string): RegExp => new RegExp(`${text}\\b`);
const word = (text: string): TokenType =>
  createToken({ name: text, label: `\`${text}\``, pattern: whole(text) });
const softWord = (text: string): TokenType =>
  createToken({ name: text, label: `\`${text}\``, pattern: whole(text), categories: Identifier });
const sign = (name: string, text: string): TokenType =>
  createToken({ name, label: `\`${text}\``, pattern: text });

export const Let = word('let');
export const Require = word('require');
export const Def = word('def');
export const For = word('for');
export const In = word('in');
export const If = word('if');
export const Else = word('else');
export const And = word('and');
export const Or = word('or');
export const Not = word('not');
export const True = word('true');
export const False = word('false');
export const None = word('none');

export const Import = softWord('import');
export const From = softWord('from');
export const Block = softWord('block');
export const Model = softWord('model');
export const Extends = softWord('extends');
export const Train = softWord('train');
export const Pretrained = softWord('pretrained');
export const Ablation = softWord('ablation');
export const Param = softWord('param');
export const Buffer = softWord('buffer');
export const Update = softWord('update');
export const Variant = softWord('variant');
export const Input = softWord('input');
export const Output = softWord('output');
export const Forward = softWord('forward');

export const Float = createToken({
  name: 'Float',
  label: 'a number',
  pattern: /\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+/,
});
export const Int = createToken({ name: 'Int', label: 'a whole number', pattern: /\d+/ });
export const Text = createToken({
  name: 'Text',
  label: 'a string',
  pattern: /"(?:[^"\\\n\r]|\\[^\n\r])*"/,
});
export const UnterminatedText = createToken({
  name: 'UnterminatedText',
  label: 'a string without its end',
  pattern: /"(?:[^"\\\n\r]|\\[^\n\r])*\\?/,
});

/** Texts and comments as other languages write them. */
export const ForeignText = createToken({
  name: 'ForeignText',
  label: 'a text of another language',
  pattern: /"{3}[\s\S]{0,400}?"{3}|'(?:[^'\\\n\r]|\\[^\n\r])*'|\/\*[\s\S]{0,400}?\*\/|#[^\n\r]*/,
  line_breaks: true,
});
/** Numbers and operators of other languages; `grammar/foreign.ts` says what each should be. */
export const ForeignNumber = createToken({
  name: 'ForeignNumber',
  label: 'a number of another language',
  pattern: /\d+(?:_\d+)+|\.\d+(?:[eE][+-]?\d+)?/,
});
export const Foreign = createToken({
  name: 'Foreign',
  label: 'a sign of another language',
  pattern: /===|!==|&&|\|\||\*\*=?|\+=|\+\+|-=|\*=|\/=|:=|=>|!(?!=)|\.|[?@&|~]/,
});

export const Pipe = sign('Pipe', '|>');
export const Arrow = sign('Arrow', '->');
export const Ellipsis = sign('Ellipsis', '...');
export const Range = sign('Range', '..');
export const EqualEqual = sign('EqualEqual', '==');
export const NotEqual = sign('NotEqual', '!=');
export const Equals = sign('Equals', '=');
export const Plus = sign('Plus', '+');
export const Minus = sign('Minus', '-');
export const Star = sign('Star', '*');
export const Slash = sign('Slash', '/');
export const Percent = sign('Percent', '%');
export const Caret = sign('Caret', '^');
export const LParen = sign('LParen', '(');
export const RParen = sign('RParen', ')');
export const LSquare = sign('LSquare', '[');
export const RSquare = sign('RSquare', ']');
export const LCurly = sign('LCurly', '{');
export const RCurly = sign('RCurly', '}');
export const Comma = sign('Comma', ',');
export const Colon = sign('Colon', ':');
export const Semicolon = sign('Semicolon', ';');

/** `<` and `>` as the lexer finds them; the layout pass makes one of the five tokens below of each. */
export const Less = sign('Less', '<');
export const Greater = sign('Greater', '>');
const never = { pattern: Lexer.NA };
export const VectorOpen = createToken({ name: 'VectorOpen', label: '`<`', ...never });
export const VectorClose = createToken({ name: 'VectorClose', label: '`>`', ...never });
export const LessEqual = createToken({ name: 'LessEqual', label: '`<=`', ...never });
export const GreaterEqual = createToken({ name: 'GreaterEqual', label: '`>=`', ...never });

export const NewLine = createToken({
  name: 'NewLine',
  label: "the line's end",
  pattern: /\r\n|\r|\n/,
  line_breaks: true,
});
export const Doc = createToken({ name: 'Doc', label: 'a doc comment', pattern: /\/\/\/(?!\/)[^\n\r]*/ });
const Comment = createToken({
  name: 'Comment',
  label: 'a comment',
  pattern: /\/\/[^\n\r]*/,
  group: 'comments',
});
const Blank = createToken({ name: 'Blank', pattern: /[ \t\uFEFF]+/, group: Lexer.SKIPPED });

export const allTokens: TokenType[] = [
  Blank,
  NewLine,
  Doc,
  Comment,
  ...[Let, Require, Def, For, In, If, Else, And, Or, Not, True, False, None],
  ...[
    Import,
    From,
    Block,
    Model,
    Extends,
    Train,
    Pretrained,
    Ablation,
    Param,
    Buffer,
    Update,
    Variant,
    Input,
    Output,
    Forward,
  ],
  Identifier,
  ForeignText,
  ...[Pipe, Arrow, Ellipsis, Range],
  ForeignNumber,
  Float,
  Int,
  Foreign,
  Text,
  UnterminatedText,
  ...[EqualEqual, NotEqual, Equals, Plus, Minus, Star, Slash, Percent, Caret],
  ...[LParen, RParen, LSquare, RSquare, LCurly, RCurly, Comma, Colon, Semicolon, Less, Greater],
  ...[VectorOpen, VectorClose, LessEqual, GreaterEqual],
];

let lexer: Lexer | undefined;

export interface LexResult {
  readonly tokens: IToken[];
  readonly comments: IToken[];
  /** Stretches of characters that start no token. */
  readonly unknown: readonly { offset: number; length: number; line: number; column: number }[];
}

/** @param validate checks the tokens themselves, which cannot change from one start to the next: a test does it */
export function makeLexer(validate = false): Lexer {
  return new Lexer(allTokens, {
    positionTracking: 'full',
    ensureOptimizations: false,
    skipValidations: !validate,
  });
}

export function lex(text: string): LexResult {
  lexer ??= makeLexer();
  const { tokens, groups, errors } = lexer.tokenize(text);
  return {
    tokens,
    comments: groups['comments'] ?? [],
    unknown: errors.map((e) => ({
      offset: e.offset,
      length: e.length,
      line: e.line ?? 1,
      column: e.column ?? 1,
    })),
  };
}
