import type { IToken, TokenType } from 'chevrotain';
import { MAX_ISSUES, type SyntaxIssue } from '../issue.ts';
import { spanOf } from '../layout.ts';

/** Tokens that are looked through for what belongs to one; a damaged file may have a million in a row. */
export const MAX_LOOK = 500;

/** Collects what stands in another language's form: one mistake a line, the first. */
export class ForeignReport {
  readonly issues: SyntaxIssue[] = [];
  private readonly lines = new Set<number>();
  private readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  add(token: IToken, what: string, hint: string): void {
    const span = spanOf(token, this.file);
    if (this.lines.has(span.line) || this.issues.length >= MAX_ISSUES) return;
    this.lines.add(span.line);
    this.issues.push({ code: 'foreign-syntax', span, args: { what }, hint });
  }
}

/** A token of `type` at the place of another one. */
export function tokenAt(at: IToken, tokenType: TokenType, image: string): IToken {
  return { ...at, image, tokenType, tokenTypeIdx: tokenType.tokenTypeIdx ?? 0, payload: undefined };
}
