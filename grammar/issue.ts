import type { Span } from './span.ts';

/** Mistakes of one file after which the rest is not read: it is no spec. */
export const MAX_ISSUES = 200;

/** Something that keeps a text from being a spec; `src/language` turns it into a diagnostic. */
export interface SyntaxIssue {
  readonly code:
    | 'unexpected-character'
    | 'foreign-syntax'
    | 'unterminated-string'
    | 'unclosed-bracket'
    | 'stray-bracket'
    | 'too-deep'
    | 'unexpected-token'
    | 'unexpected-end'
    | 'bad-binding-target'
    | 'let-in-forward'
    | 'update-outside-forward'
    | 'ablation-not-supported'
    | 'number-too-large';
  readonly span: Span;
  readonly args: Readonly<Record<string, string>>;
  /** What to write instead, where the table's hint says too little. */
  readonly hint?: string;
  readonly labels?: readonly { readonly span: Span; readonly text: string }[];
}
