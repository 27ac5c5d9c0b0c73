import type { Expr, Ident, NamePattern, PretrainedDecl, PretrainedEntry } from './ast.ts';
import { DeclarationParser } from './declarations.ts';
import { spanOf } from './layout.ts';
import * as t from './tokens.ts';

/** `pretrained Name for Model { … }`: settings `key = value`, and sets of patterns `key { "a.*" -> "b.*", … }`. */
export abstract class PretrainedParser extends DeclarationParser {
  protected pretrainedDecl = this.RULE('pretrainedDecl', (): PretrainedDecl => {
    const entries: PretrainedEntry[] = [];
    const first = this.CONSUME(t.Pretrained);
    const doc = this.docOf(first);
    const name = this.SUBRULE(this.identifier);
    this.CONSUME(t.For);
    const model = this.SUBRULE1(this.identifier);
    this.CONSUME(t.LCurly);
    this.lines('a rule', () => {
      const entry = this.SUBRULE(this.pretrainedEntry);
      if (entry) entries.push(entry);
    });
    this.CONSUME(t.RCurly);
    return { kind: 'pretrained', name, model, entries, doc, span: this.spanFrom(first) };
  });

  private pretrainedEntry = this.RULE('pretrainedEntry', (): PretrainedEntry | undefined => {
    return this.recoverable<PretrainedEntry | undefined>(
      () => {
        const first = this.LA(1);
        const key = this.SUBRULE(this.identifier);
        let value: Expr | undefined;
        let patterns: NamePattern[] | undefined;
        this.OR({
          ERR_MSG: '`=` or `{`',
          DEF: [
            {
              ALT: () => {
                this.CONSUME(t.Equals);
                value = this.SUBRULE(this.expression);
              },
            },
            {
              ALT: () => {
                patterns = this.SUBRULE(this.patternSet);
              },
            },
          ],
        });
        return { key, value, patterns, span: this.spanFrom(first) };
      },
      () => undefined,
    );
  });

  private patternSet = this.RULE('patternSet', (): NamePattern[] => {
    const patterns: NamePattern[] = [];
    this.CONSUME(t.LCurly);
    this.lines('a pattern in double quotes', () => void patterns.push(this.SUBRULE(this.namePattern)));
    this.CONSUME(t.RCurly);
    return patterns;
  });

  private namePattern = this.RULE('namePattern', (): NamePattern => {
    const first = this.LA(1);
    const from = this.SUBRULE(this.quoted);
    const to = this.OPTION(() => {
      this.CONSUME(t.Arrow);
      return this.SUBRULE1(this.quoted);
    });
    const span = this.spanFrom(first);
    this.OPTION1(() => this.CONSUME(t.Comma));
    return { from, to, span };
  });

  private quoted = this.RULE('quoted', (): Ident => {
    const text = this.CONSUME(t.Text);
    return { name: text.image.slice(1, -1), span: spanOf(text, this.file) };
  });
}
