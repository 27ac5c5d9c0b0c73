import type { IToken, TokenType } from 'chevrotain';
import { MAX_ISSUES, type SyntaxIssue } from './issue.ts';
import type { Span } from './span.ts';
import * as t from './tokens.ts';

/** Brackets may be nested this deep; the parser recurses no deeper. */
export const MAX_NESTING = 100;

export interface Layout {
  readonly tokens: IToken[];
  /** Doc comments, by the offset of the token that they stand before. */
  readonly docs: ReadonlyMap<number, string>;
  /** The doc comment at the top of the file that belongs to no declaration. */
  readonly fileDoc: string;
  readonly issues: SyntaxIssue[];
  /** False where the text is too deeply nested to be parsed at all. */
  readonly parseable: boolean;
}

const closerOf = new Map<TokenType, TokenType>([
  [t.LParen, t.RParen],
  [t.LSquare, t.RSquare],
  [t.LCurly, t.RCurly],
  [t.VectorOpen, t.VectorClose],
]);
const closers = new Set<TokenType>([t.RParen, t.RSquare, t.RCurly]);

/** Tokens after which `<` compares; after all others it opens a vector. */
const operandEnds = new Set<TokenType>([
  ...[t.Int, t.Float, t.Text, t.UnterminatedText, t.True, t.False, t.None],
  ...[t.RParen, t.RSquare, t.RCurly, t.VectorClose, t.Identifier],
]);
export const endsOperand = (token: IToken | undefined): boolean =>
  token !== undefined && (operandEnds.has(token.tokenType) || isName(token));

export const isName = (token: IToken): boolean =>
  token.tokenType === t.Identifier || (token.tokenType.CATEGORIES?.includes(t.Identifier) ?? false);

/** A line that ends in one of these goes on in the next. */
const goesOn = new Set<TokenType>([
  ...[t.Pipe, t.Plus, t.Minus, t.Star, t.Slash, t.Percent, t.Caret, t.And, t.Or, t.Arrow],
  ...[t.EqualEqual, t.NotEqual, t.Less, t.LessEqual, t.Greater, t.GreaterEqual],
]);
/** A line that starts with one of these continues the one before. */
const continues = new Set<TokenType>([t.Pipe, t.Else, t.Arrow]);

const starters = new Set<TokenType>([t.Let, t.Require, t.Def, t.For]);
const softStarters = new Set<TokenType>([
  ...[t.Block, t.Model, t.Train, t.Pretrained, t.Import, t.Param, t.Variant, t.Input, t.Output, t.Forward],
]);

/** The number of brackets around a token; a bracket itself counts as outside of its own pair. */
export function depthOf(token: IToken): number {
  return (token.payload as number | undefined) ?? 0;
}

/**
 * What a token by token lexer can't see: line ends count only outside `(`, `[` and `<`; `<` and `>` become
 * brackets of a vector or comparisons; each bracket gets its partner, so that one that is missing is one
 * error and not ten; doc comments leave the stream.
 */
export function layOut(raw: readonly IToken[], file: string): Layout {
  const tokens: IToken[] = [];
  const docs = new Map<number, string>();
  const issues: SyntaxIssue[] = [];
  const open: IToken[] = [];
  let doc: { lines: string[]; lastLine: number } | undefined;
  let fileDoc = '';
  let parseable = true;
  let later: number | undefined = 0;

  const push = (token: IToken, depth = open.length) => {
    token.payload = depth;
    tokens.push(token);
  };
  const retype = (token: IToken, type: TokenType) => {
    token.tokenType = type;
    token.tokenTypeIdx = type.tokenTypeIdx ?? 0;
  };
  const closeMissing = (at: IToken) => {
    const opener = open.pop() as IToken;
    const type = closerOf.get(opener.tokenType) as TokenType;
    issues.push({
      code: 'unclosed-bracket',
      span: spanOf(opener, file),
      args: { bracket: opener.image, closer: imageOf(type) },
    });
    const previous = tokens[tokens.length - 1] ?? at;
    const closer: IToken = {
      ...previous,
      image: imageOf(type),
      startOffset: endOf(previous),
      endOffset: endOf(previous) - 1,
    };
    retype(closer, type);
    push(closer);
  };

  // Where a `}` is missing, the columns of lines tell whose it is.
  let missing = missingBraces(raw);
  const columns = new Map<IToken, number>();
  let line = { number: 0, column: 1 };

  for (let i = 0; i < raw.length && parseable; i++) {
    if (issues.length >= MAX_ISSUES) parseable = false;
    const token = raw[i];
    const previous = tokens[tokens.length - 1];
    const top = open[open.length - 1]?.tokenType;
    if (token.tokenType === t.Doc) {
      const line = token.image.slice(3).trim();
      if (doc && token.startLine === doc.lastLine + 1) doc.lines.push(line);
      else {
        if (doc && fileDoc === '' && docs.size === 0) fileDoc = doc.lines.join('\n');
        doc = { lines: [line], lastLine: 0 };
      }
      doc.lastLine = token.startLine as number;
      continue;
    }
    if (token.tokenType === t.NewLine) {
      // Kept from one empty line to the next, of which there may be thousands.
      if (later !== undefined && later <= i) later = nextOnLaterLine(raw, i);
      const next = later;
      if (open.length > 0 && top !== t.LCurly) {
        if (next && startsStatement(raw, next))
          while (open.length > 0 && open[open.length - 1].tokenType !== t.LCurly) closeMissing(token);
        else continue;
      }
      if (previous?.tokenType === t.NewLine) continue;
      // `x = a +` does not swallow a next line that is a statement of its own.
      if (previous && goesOn.has(previous.tokenType) && !(next !== undefined && startsStatement(raw, next)))
        continue;
      if (next !== undefined && continues.has(raw[next].tokenType)) continue;
      push(token);
      continue;
    }
    if (missing > 0 && token.startLine !== line.number) {
      line = { number: token.startLine ?? 1, column: token.startColumn ?? 1 };
      const ends = (opener: IToken | undefined): boolean => {
        const column = opener && columns.get(opener);
        if (column === undefined) return false;
        const closes = token.tokenType === t.RCurly || token.tokenType === t.Else;
        return line.column < column || (line.column === column && !closes);
      };
      for (; missing > 0 && ends(open.at(-1)); missing--) {
        closeMissing(token);
        push(newLineAt(token));
      }
    }
    if (doc) {
      const text = doc.lines.join('\n');
      if (token.tokenType === t.Import || token.startLine !== doc.lastLine + 1)
        fileDoc = fileDoc === '' && docs.size === 0 ? text : fileDoc;
      else docs.set(token.startOffset, text);
      doc = undefined;
    }
    if (token.tokenType === t.Less) {
      const adjoined = joined(token, raw[i + 1]);
      if (!endsOperand(previous)) retype(token, t.VectorOpen);
      else if (adjoined) {
        retype(token, t.LessEqual);
        token.image = '<=';
        token.endOffset = token.startOffset + 1;
        i++;
      }
    } else if (token.tokenType === t.Greater) {
      if (top === t.VectorOpen) retype(token, t.VectorClose);
      else if (joined(token, raw[i + 1])) {
        retype(token, t.GreaterEqual);
        token.image = '>=';
        token.endOffset = token.startOffset + 1;
        i++;
      }
    }

    if (closerOf.has(token.tokenType)) {
      push(token);
      open.push(token);
      if (missing > 0 && token.tokenType === t.LCurly) columns.set(token, line.column);
      if (open.length > MAX_NESTING) {
        issues.push({ code: 'too-deep', span: spanOf(token, file), args: { limit: String(MAX_NESTING) } });
        parseable = false;
      }
    } else if (token.tokenType === t.VectorClose) {
      open.pop();
      push(token);
    } else if (closers.has(token.tokenType)) {
      const partner = open.findLastIndex((o) => closerOf.get(o.tokenType) === token.tokenType);
      const barrier = open.findLastIndex((o) => o.tokenType === t.LCurly);
      if (partner < 0 || (partner < barrier && token.tokenType !== t.RCurly)) {
        issues.push({ code: 'stray-bracket', span: spanOf(token, file), args: { bracket: token.image } });
        continue;
      }
      while (open.length - 1 > partner) closeMissing(token);
      open.pop();
      push(token);
    } else push(token);
  }
  const last = raw[raw.length - 1];
  while (parseable && open.length > 0 && last) closeMissing(last);
  return { tokens, docs, fileDoc, issues, parseable };
}

/** How many `{` have no `}`. */
function missingBraces(raw: readonly IToken[]): number {
  let missing = 0;
  for (const { tokenType } of raw) {
    if (tokenType === t.LCurly) missing++;
    else if (tokenType === t.RCurly) missing--;
  }
  return missing;
}

const newLineAt = (token: IToken): IToken => ({
  ...token,
  image: '\n',
  tokenType: t.NewLine,
  tokenTypeIdx: t.NewLine.tokenTypeIdx ?? 0,
  endOffset: token.startOffset - 1,
});

/** Whether the tokens at `i` begin a statement, so that an open bracket before them can't go on. */
function startsStatement(raw: readonly IToken[], i: number): boolean {
  const first = raw[i];
  const second = raw[i + 1];
  if (!second) return false;
  if (starters.has(first.tokenType)) return true;
  if (softStarters.has(first.tokenType)) return isName(second) || second.tokenType === t.LCurly;
  return isName(first) && second.tokenType === t.Equals;
}

function nextOnLaterLine(raw: readonly IToken[], from: number): number | undefined {
  for (let i = from + 1; i < raw.length; i++) {
    if (raw[i].tokenType !== t.NewLine && raw[i].tokenType !== t.Doc) return i;
  }
  return undefined;
}

const joined = (token: IToken, next: IToken | undefined): boolean =>
  next?.tokenType === t.Equals && next.startOffset === token.startOffset + 1;

const imageOf = (type: TokenType): string => (type.LABEL ?? type.name).replaceAll('`', '');
const endOf = (token: IToken): number => (token.endOffset ?? token.startOffset) + 1;

export function spanOf(token: IToken, file: string): Span {
  return {
    file,
    start: token.startOffset,
    end: endOf(token),
    line: token.startLine ?? 1,
    column: token.startColumn ?? 1,
  };
}
