import type { IToken } from 'chevrotain';

import { endsOperand } from '../layout.ts';
import * as t from '../tokens.ts';
import { type ForeignReport, tokenAt } from './report.ts';

/** `c // 2`: a comment that is the rest of an expression. Its text goes on as tokens, divided exactly. */
export function divided(
  tokens: readonly IToken[],
  comments: readonly IToken[],
  report: ForeignReport,
): IToken[] {
  const result: IToken[] = [];
  const open: IToken[] = [];
  const sizes = numbersOf(tokens);
  let next = 0;
  const take = (token: IToken) => {
    const { tokenType } = token;
    if (tokenType === t.LParen || tokenType === t.LSquare || tokenType === t.LCurly) open.push(token);
    else if (tokenType === t.Less && !endsOperand(result.at(-1))) open.push(token);
    else if (tokenType === t.Greater && open.at(-1)?.tokenType === t.Less) open.pop();
    else if (tokenType === t.RParen || tokenType === t.RSquare || tokenType === t.RCurly) open.pop();
    result.push(token);
  };
  for (const comment of comments) {
    while (next < tokens.length && tokens[next].startOffset < comment.startOffset) take(tokens[next++]);
    const before = result.at(-1);
    if (!before || before.startLine !== comment.startLine || !endsOperand(before)) continue;
    const bracket = open.at(-1);
    const inside = bracket?.startLine === comment.startLine && bracket?.tokenType !== t.LCurly;
    const rest = comment.image.slice(2);
    if (!isDivisor(rest, inside, sizes)) continue;
    const [left] = /^\w+$/.test(before.image) ? [before.image] : ['a'];
    const [right] = /[\w.]+/.exec(rest) ?? ['b'];
    const slashes = { ...comment, image: '//', endOffset: comment.startOffset + 1 };
    report.add(slashes, '`//` begins a comment', `\`floor(${left} / ${right})\`; \`/\` divides exactly`);
    take(tokenAt(slashes, t.Slash, '/'));
    const shift = comment.startOffset + 2;
    for (const token of t.lex(rest).tokens) {
      take({
        ...token,
        startOffset: token.startOffset + shift,
        endOffset: (token.endOffset ?? token.startOffset) + shift,
        startLine: comment.startLine,
        startColumn: (comment.startColumn ?? 1) + 1 + (token.startColumn ?? 1),
      });
    }
  }
  while (next < tokens.length) result.push(tokens[next++]);
  return result;
}

/** Whether a comment's text right of an operand can only be meant as a divisor. */
function isDivisor(rest: string, inside: boolean, sizes: ReadonlySet<string>): boolean {
  if (inside && /^\s*[\w(]/.test(rest) && hasStrayCloser(rest)) return true;
  // A single word may well describe the line; the name of a number of this file hardly does.
  return /^\s*\d+\s*$/.test(rest) || sizes.has(rest.trim());
}

/** Parameters that are numbers. */
const numbersOf = (tokens: readonly IToken[]): Set<string> =>
  new Set(
    tokens.flatMap(({ image }, i) =>
      tokens[i + 1]?.tokenType === t.Colon && /^(?:int|float)$/.test(tokens[i + 2]?.image ?? '')
        ? [image]
        : [],
    ),
  );

function hasStrayCloser(rest: string): boolean {
  let depth = 0;
  for (const c of rest) {
    if (c === '(' || c === '[') depth++;
    else if ((c === ')' || c === ']') && --depth < 0) return true;
  }
  return false;
}
