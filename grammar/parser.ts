import type { IToken } from 'chevrotain';
import type { Component, Expr, Ident, Module, TopLevel } from './ast.ts';

import { translated } from './foreign/index.ts';
import type { SyntaxIssue } from './issue.ts';
import { type Layout, layOut, spanOf } from './layout.ts';
import * as t from './tokens.ts';
import { TrainParser } from './train.ts';

/** Declarations and files. */
class ModuleParser extends TrainParser {
  constructor(validate = false) {
    super(validate);
    this.performSelfAnalysis();
  }

  private read(text: string, file: string): { layout: Layout; comments: readonly IToken[] } {
    const lexed = t.lex(text);
    const { comments, unknown } = lexed;
    const { tokens, issues } = translated(lexed, text, file);
    const layout = layOut(tokens, file);
    this.begin(file, layout.docs, [...issues, ...layout.issues]);
    for (const u of merged(unknown)) {
      const span = { file, start: u.offset, end: u.offset + u.length, line: u.line, column: u.column };
      this.report('unexpected-character', span, {
        text: printable(text.slice(u.offset, u.offset + u.length)),
      });
    }
    for (const token of layout.tokens) {
      if (token.tokenType === t.UnterminatedText) this.report('unterminated-string', spanOf(token, file));
    }
    return { layout, comments };
  }

  parse(text: string, file: string): { module: Module; issues: SyntaxIssue[] } {
    const { layout, comments } = this.read(text, file);
    let declarations: TopLevel[] = [];
    if (layout.parseable) {
      this.input = layout.tokens;
      declarations = this.module() ?? [];
    }
    const module: Module = {
      file,
      doc: layout.fileDoc,
      declarations,
      comments: comments.map((c) => ({ text: c.image, span: spanOf(c, file) })),
    };
    return { module, issues: this.issues };
  }

  /** One expression alone, as `--set` takes it. */
  parseExpression(text: string, file: string): { expr: Expr | undefined; issues: SyntaxIssue[] } {
    const { layout } = this.read(text, file);
    let expr: Expr | undefined;
    if (layout.parseable && this.issues.length === 0) {
      this.input = layout.tokens;
      expr = this.alone() ?? undefined;
    }
    return { expr: this.issues.length > 0 ? undefined : expr, issues: this.issues };
  }

  private alone = this.RULE('alone', (): Expr | undefined =>
    this.recoverable<Expr | undefined>(
      () => this.SUBRULE(this.expression),
      () => undefined,
    ),
  );

  private module = this.RULE('module', (): TopLevel[] => {
    const declarations: TopLevel[] = [];
    this.lines(
      '`import`, `block`, `model`, `train` or `pretrained`',
      () => void declarations.push(this.SUBRULE(this.topLevel)),
    );
    return declarations;
  });

  private topLevel = this.RULE('topLevel', (): TopLevel => {
    return this.recoverable(
      () => this.topLevelBody(),
      (first) => ({ kind: 'bad', names: this.namesAfter(first), span: this.spanFrom(first) }),
    );
  });

  /** The names that a declaration beginning with `first` would have introduced. */
  private namesAfter(first: IToken): string[] {
    const i = this.input.indexOf(first);
    if (first.tokenType !== t.Import) return [this.input[i + 1]?.image ?? ''];
    const names: string[] = [];
    for (let k = i + 1; k < this.input.length && this.input[k].tokenType !== t.NewLine; k++) {
      if (this.input[k].tokenType === t.Identifier) names.push(this.input[k].image);
    }
    return names;
  }

  private topLevelBody(): TopLevel {
    const first = this.LA(1);
    const doc = this.docOf(first);
    return this.OR<TopLevel>({
      ERR_MSG: '`import`, `block`, `model`, `train` or `pretrained`',
      DEF: [
        {
          ALT: () => {
            this.CONSUME(t.Import);
            this.CONSUME(t.LCurly);
            const names: Ident[] = [];
            this.commaSeparated(() => names.push(this.SUBRULE(this.identifier)));
            this.CONSUME(t.RCurly);
            this.CONSUME(t.From);
            const path = this.CONSUME(t.Text);
            return {
              kind: 'import',
              names,
              path: { name: path.image.slice(1, -1), span: spanOf(path, this.file) },
              span: this.spanFrom(first),
            };
          },
        },
        {
          ALT: (): Component => {
            this.CONSUME(t.Block);
            const name = this.SUBRULE1(this.identifier);
            const params = this.SUBRULE(this.parameters);
            const body = this.SUBRULE(this.declarations);
            return { kind: 'block', name, params, body, doc, span: this.spanFrom(first) };
          },
        },
        {
          ALT: (): Component => {
            this.CONSUME(t.Model);
            const name = this.SUBRULE2(this.identifier);
            const params = this.OPTION1(() => this.SUBRULE1(this.parameters)) ?? [];
            const base = this.OPTION2(() => {
              this.CONSUME(t.Extends);
              const ident = this.SUBRULE3(this.identifier);
              const args = this.OPTION3(() => this.SUBRULE(this.arguments)) ?? [];
              return { base: ident, args };
            });
            const body = this.SUBRULE1(this.declarations);
            return { kind: 'model', name, params, extends: base, body, doc, span: this.spanFrom(first) };
          },
        },
        {
          ALT: () => {
            this.CONSUME(t.Train);
            const name = this.SUBRULE4(this.identifier);
            this.CONSUME(t.For);
            const model = this.SUBRULE5(this.identifier);
            const settings = this.SUBRULE(this.trainSettings);
            return { kind: 'train', name, model, ...settings, doc, span: this.spanFrom(first) };
          },
        },
        { ALT: () => this.SUBRULE(this.pretrainedDecl) },
        {
          ALT: () => {
            const word = this.CONSUME(t.Ablation);
            this.report('ablation-not-supported', spanOf(word, this.file));
            this.skipStatement(word);
            return { kind: 'bad', names: [], span: this.spanFrom(first) };
          },
        },
      ],
    });
  }
}

/** Adjacent stretches of unknown characters count as one; a binary file has thousands. */
function merged(unknown: t.LexResult['unknown']): t.LexResult['unknown'][number][] {
  const result: t.LexResult['unknown'][number][] = [];
  for (const u of unknown) {
    const last = result[result.length - 1];
    if (last && (last.line === u.line || last.offset + last.length === u.offset)) {
      result[result.length - 1] = { ...last, length: u.offset + u.length - last.offset };
    } else result.push(u);
  }
  return result.slice(0, 20);
}

function printable(text: string): string {
  const short = text.length > 20 ? `${text.slice(0, 20)}…` : text;
  return short.replace(/[^\x20-\x7e\u00a1-\uffff]/g, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Throws where tokens hide each other or the grammar is ambiguous or left-recursive. */
export function validateGrammar(): void {
  t.makeLexer(true);
  new ModuleParser(true);
}

let parser: ModuleParser | undefined;
const theParser = (): ModuleParser => (parser ??= new ModuleParser());

/** Parses one file. Whatever the text is, this returns; what is wrong with it stands in `issues`. */
export function parseModule(text: string, file: string): { module: Module; issues: SyntaxIssue[] } {
  return theParser().parse(text, file);
}

/** Parses one expression alone. */
export function parseExpression(
  text: string,
  file: string,
): { expr: Expr | undefined; issues: SyntaxIssue[] } {
  return theParser().parseExpression(text, file);
}
