import { EmbeddedActionsParser, type IToken, isRecognitionException, type TokenType } from 'chevrotain';
import { MAX_ISSUES, type SyntaxIssue } from './issue.ts';
import { depthOf, MAX_NESTING, spanOf } from './layout.ts';
import { syntaxMessages } from './messages.ts';
import type { Span } from './span.ts';
import * as t from './tokens.ts';

/** Operators in one expression; more is no network, and the evaluator recurses over them. */
export const MAX_CHAIN = 200;

/**
 * What all rules share: positions, and going on after a mistake. `recoverable` resumes at the end of a
 * statement that does not parse, so that each mistake is reported once and alone.
 */
export abstract class RecoveringParser extends EmbeddedActionsParser {
  protected file = '';
  protected docs: ReadonlyMap<number, string> = new Map();
  protected issues: SyntaxIssue[] = [];
  private readonly damagedLines = new Set<number>();

  /** @param validate checks the grammar itself, which cannot change from one start to the next: a test does it */
  constructor(validate: boolean) {
    super(t.allTokens, {
      recoveryEnabled: false,
      maxLookahead: 3,
      errorMessageProvider: syntaxMessages,
      skipValidations: !validate,
    });
  }

  protected begin(file: string, docs: ReadonlyMap<number, string>, issues: readonly SyntaxIssue[]): void {
    this.file = file;
    this.docs = docs;
    this.damagedLines.clear();
    for (const { code, span } of issues) if (code === 'foreign-syntax') this.damagedLines.add(span.line);
    this.issues = issues.filter(
      ({ code, span }) => code === 'foreign-syntax' || !this.damagedLines.has(span.line),
    );
  }

  // --- positions and errors ---

  protected spanFrom(first: IToken): Span {
    const last = this.LA(0);
    const end = Math.max(
      (last.endOffset ?? last.startOffset) + 1,
      (first.endOffset ?? first.startOffset) + 1,
    );
    return { ...spanOf(first, this.file), end };
  }

  protected report(
    code: SyntaxIssue['code'],
    span: Span,
    args: Record<string, string> = {},
    hint?: string,
  ): void {
    if (this.RECORDING_PHASE) return;
    // What follows from a character that was left out, or from another language's word, is no mistake of its own.
    const follows =
      (code === 'unexpected-token' || code === 'unexpected-end') && this.damagedLines.has(span.line);
    if (code === 'unexpected-character') this.damagedLines.add(span.line);
    if (!follows && this.issues.length < MAX_ISSUES) this.issues.push({ code, span, args, hint });
  }

  /** What was expected instead of the next token. */
  protected unexpected(expected: string): void {
    if (this.RECORDING_PHASE) return;
    const found = this.LA(1);
    const code = isEnd(found) ? 'unexpected-end' : 'unexpected-token';
    this.report(code, this.spanOfNext(), { expected, found: nameOf(found) });
  }

  private spanOfNext(): Span {
    const next = this.LA(1);
    if (!isEnd(next)) return spanOf(next, this.file);
    const last = this.LA(0);
    return isEnd(last) ? { file: this.file, start: 0, end: 0, line: 1, column: 1 } : spanOf(last, this.file);
  }

  /**
   * Runs `parse` for one statement. If it fails, or if something is left on its line, that is reported and
   * skipped up to the statement's end; `onError` then stands in for the statement.
   */
  protected recoverable<T>(parse: () => T, onError: (first: IToken) => T): T {
    const first = this.LA(1);
    const depth = depthOf(first);
    let result: T | undefined;
    try {
      result = parse();
      if (this.RECORDING_PHASE) return result;
      if (this.atStatementEnd(depth)) return result;
      this.unexpected("the line's end");
    } catch (e) {
      if (this.RECORDING_PHASE || !(e instanceof Error) || !isRecognitionException(e)) throw e;
      const failure = e as Error & { token: IToken; previousToken?: IToken };
      const found = failure.token;
      const at = isEnd(found) ? (failure.previousToken ?? this.LA(0)) : found;
      const end = isEnd(found);
      const span = isEnd(at)
        ? { file: this.file, start: 0, end: 0, line: 1, column: 1 }
        : spanOf(at, this.file);
      if (found.tokenType !== t.UnterminatedText) {
        this.report(end ? 'unexpected-end' : 'unexpected-token', span, {
          expected: failure.message,
          found: nameOf(found),
        });
      }
    }
    this.skipStatement(first);
    return onError(first);
  }

  /** Skips to the end of the statement that began with `first`; after too many mistakes, to that of the file. */
  protected skipStatement(first: IToken): void {
    if (this.RECORDING_PHASE) return;
    const giveUp = this.issues.length >= MAX_ISSUES;
    while (giveUp ? !isEnd(this.LA(1)) : !this.atStatementEnd(depthOf(first))) this.SKIP_TOKEN();
  }

  /**
   * Names that the statement from `first` up to here would have introduced: those before its first `=`, `:` or
   * bracket, and those that begin a line with `name =`. So that their uses are no mistakes of their own.
   */
  protected introducedBy(first: IToken): string[] {
    const start = this.input.indexOf(first);
    const names: string[] = [];
    let head = true;
    for (let i = start; i < this.input.length && this.input[i].startOffset <= this.LA(0).startOffset; i++) {
      const { tokenType, image } = this.input[i];
      if (headEnds.has(tokenType)) head = false;
      else if (/^\w+$/.test(image) && (head || headEnds.has(this.input[i + 1]?.tokenType))) names.push(image);
    }
    return names;
  }

  /** Statements or declarations up to `}` or the end, one a line; what can't begin one is skipped. */
  protected lines(what: string, item: () => void): void {
    for (;;) {
      this.MANY8(() => {
        this.OR8([{ ALT: () => void this.CONSUME8(t.NewLine) }, { ALT: item }]);
      });
      const next = this.LA(1);
      if (this.RECORDING_PHASE || isEnd(next) || next.tokenType === t.RCurly) return;
      if (next.tokenType !== t.UnterminatedText) this.unexpected(what);
      this.skipStatement(next);
    }
  }

  /** Items separated by commas, one more comma at the end allowed; for rules with a single such list. */
  protected commaSeparated(item: () => void): void {
    let more = true;
    this.MANY9({
      GATE: () => more,
      DEF: () => {
        item();
        more = this.OPTION9(() => this.CONSUME9(t.Comma)) !== undefined;
      },
    });
  }

  private atStatementEnd(depth: number): boolean {
    const next = this.LA(1);
    if (isEnd(next)) return true;
    return (
      depthOf(next) <= depth &&
      (next.tokenType === t.NewLine || (next.tokenType === t.RCurly && depthOf(next) < depth))
    );
  }

  protected limitChain(length: number, first: IToken): void {
    if (length === MAX_CHAIN + 1) {
      this.report('too-deep', spanOf(first, this.file), { limit: String(MAX_NESTING) });
    }
  }
}

const headEnds = new Set<TokenType | undefined>([t.Equals, t.Colon, t.LParen, t.LSquare, t.LCurly]);

/** A name, or a word that can be one. */
export const isNameToken = (token: IToken): boolean =>
  token.tokenType === t.Identifier || (token.tokenType.CATEGORIES?.includes(t.Identifier) ?? false);

const isEnd = (token: IToken): boolean => Number.isNaN(token.startOffset);

export function nameOf(token: IToken): string {
  if (isEnd(token)) return "the file's end";
  if (token.tokenType === t.NewLine) return "the line's end";
  const text = token.image.length > 30 ? `${token.image.slice(0, 30)}…` : token.image;
  return `\`${text}\``;
}
