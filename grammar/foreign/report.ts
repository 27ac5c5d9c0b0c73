import type { IToken, TokenType } from 'chevrotain';
import { MAX_ISSUES, type SyntaxIssue } from '../issue.ts';
import { spanOf } from '../layout.ts';

/** Tokens that are looked through for what belongs to one; a damaged file may have a million in a row. */
export const MAX_LOOK = 500;

/** Collects what stands in another language's form: one mistake a line, the first. */
export class ForeignReport {
  readonly issues: SyntaxIssue[] = [];
  private readonly lines = new Set<number>();
  private readonly bodies = new Set<number>();
  private readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  /** The line of `token` belongs to a body that has been told to be Python's. */
  inBody(token: IToken): void {
    if (token.startLine !== undefined) this.bodies.add(token.startLine);
  }

  /** Told unless it belongs to a body that has been told as a whole, as `self` does to one of Python's. */
  addOutsideBodies(token: IToken, what: string, hint: string): void {
    if (!this.bodies.has(token.startLine ?? 0)) this.add(token, what, hint);
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
