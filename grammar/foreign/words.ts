import type { IToken } from 'chevrotain';
import { isName } from '../layout.ts';
import * as t from '../tokens.ts';
import { type ForeignReport, MAX_LOOK, tokenAt } from './report.ts';

const adjoin = (a: IToken, b: IToken): boolean => (a.endOffset ?? a.startOffset) + 1 === b.startOffset;
const isText = (token: IToken | undefined): boolean =>
  token?.tokenType === t.Text ||
  token?.tokenType === t.UnterminatedText ||
  (token?.tokenType === t.ForeignText && /^['"]/.test(token.image));

/** Words of other languages within a line: `{ return x }`, `} elif c {`, `lambda x: x`, `for i, x in xs`, `f"…"`. */
export function reworded(tokens: readonly IToken[], report: ForeignReport): IToken[] {
  const out: IToken[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const [token, next] = [tokens[i], tokens[i + 1]];
    const { image } = token;
    const before = out.at(-1)?.tokenType;
    if (image === 'return' && before === t.LCurly && isResult(next)) {
      report.add(token, 'there is no `return`', 'the last expression of a body is its result');
    } else if (image === 'elif' && before === t.RCurly) {
      report.add(token, 'there is no `elif`', '`else if c { … }`');
      out.push(tokenAt(token, t.Else, 'else'), tokenAt(token, t.If, 'if'));
    } else if (image === 'lambda' && next && (isName(next) || next.tokenType === t.Colon)) {
      report.add(token, 'functions have names', `\`def f(${parameters(tokens, i + 1)}) { … }\``);
      out.push(token);
    } else if (token.tokenType === t.For) {
      variables(tokens, i, report);
      out.push(token);
    } else if (/^[fFrRbBuU]{1,2}$/.test(image) && next && isText(next) && adjoin(token, next)) {
      const formats = /f/i.test(image) && next.image.includes('{');
      if (formats) report.add(token, 'strings hold no values', 'plain text: `"…"`, without `{ }`');
      else report.add(token, 'strings have no prefix', `\`"${next.image.slice(1, -1)}"\``);
    } else out.push(token);
  }
  return out;
}

/** What follows a `return` that is the word of other languages and no name. */
const isResult = (next: IToken | undefined): boolean =>
  next !== undefined &&
  (isName(next) ||
    [t.LParen, t.LSquare, t.If, t.Int, t.Float, t.Minus, t.Not, t.True, t.False, t.None].includes(
      next.tokenType,
    ));

/** The names from `i` on up to a colon, as they are written. */
function parameters(tokens: readonly IToken[], i: number): string {
  const names: string[] = [];
  for (let k = i; k < Math.min(tokens.length, i + 20) && tokens[k].tokenType !== t.Colon; k++)
    if (isName(tokens[k])) names.push(tokens[k].image);
  return names.join(', ');
}

/** `for i, x in enumerate(xs)`: a loop has one variable. The statement is not read. */
function variables(tokens: readonly IToken[], at: number, report: ForeignReport): void {
  let i = at + 1;
  if (tokens[i]?.tokenType === t.LParen) i++;
  const names: string[] = [];
  for (; i < Math.min(tokens.length, at + MAX_LOOK) && isName(tokens[i]); i++) {
    names.push(tokens[i].image);
    if (tokens[i + 1]?.tokenType === t.Comma) i++;
  }
  if (names.length < 2) return;
  if (tokens[i]?.tokenType === t.RParen) i++;
  if (tokens[i]?.tokenType !== t.In) return;
  const [, source, open, list, end] = tokens.slice(i, i + 5);
  const plain = open?.tokenType === t.LParen && list && isName(list);
  const entries = plain && source.image === 'enumerate' && end?.tokenType === t.RParen ? list.image : 'xs';
  const rest =
    source?.image === 'enumerate' ? `${names[1]} = ${entries}[${names[0]}] …` : `… ${entries}[i] …`;
  const index = source?.image === 'enumerate' ? names[0] : 'i';
  report.add(tokens[at], 'a loop has one variable', `\`for ${index} in 0..len(${entries}) { ${rest} }\``);
}
