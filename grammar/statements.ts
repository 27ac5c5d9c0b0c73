import type { Expr, Ident, Stmt } from './ast.ts';
import { ExpressionParser } from './expressions.ts';
import { spanOf } from './layout.ts';
import type { Span } from './span.ts';
import * as t from './tokens.ts';

/** Statements inside `forward`, `def` and the branches of an `if`. */
export abstract class StatementParser extends ExpressionParser {
  protected statementBlock: () => Stmt[] = this.RULE('statementBlock', (): Stmt[] => {
    const statements: Stmt[] = [];
    this.CONSUME(t.LCurly);
    this.lines('a statement', () => void statements.push(this.SUBRULE(this.statement)));
    this.CONSUME(t.RCurly);
    return statements;
  });

  private statement = this.RULE('statement', (): Stmt => {
    return this.recoverable(
      () => this.statementBody(),
      (first) => ({ kind: 'bad', names: this.introducedBy(first), span: this.spanFrom(first) }),
    );
  });

  private statementBody(): Stmt {
    const first = this.LA(1);
    return this.OR<Stmt>({
      ERR_MSG: 'a statement',
      DEF: [
        {
          ALT: () => {
            this.CONSUME(t.For);
            const variable = this.SUBRULE(this.identifier);
            this.CONSUME(t.In);
            const source = this.SUBRULE(this.expression);
            const body = this.SUBRULE(this.statementBlock);
            return { kind: 'for', variable, source, body, span: this.spanFrom(first) };
          },
        },
        {
          ALT: () => {
            this.CONSUME(t.Require);
            const cond = this.SUBRULE1(this.expression);
            const message = this.OPTION1(() => {
              this.CONSUME(t.Comma);
              return this.SUBRULE2(this.expression);
            });
            return { kind: 'require', cond, message, span: this.spanFrom(first) };
          },
        },
        {
          ALT: () => {
            const word = this.OPTION2(() => this.CONSUME(t.Let));
            if (word) this.report('let-in-forward', spanOf(word, this.file));
            const target = this.SUBRULE3(this.expression);
            const value = this.OPTION3(() => {
              this.CONSUME(t.Equals);
              return this.SUBRULE4(this.expression);
            });
            const span = this.spanFrom(first);
            if (this.RECORDING_PHASE || !value) return { kind: 'expr', value: target, span };
            return this.binding(target, value, span);
          },
        },
      ],
    });
  }

  private binding(target: Expr, value: Expr, span: Span): Stmt {
    const items = target.kind === 'tuple' || target.kind === 'vector' ? target.items : [target];
    const targets: Ident[] = [];
    for (const item of items) {
      if (item.kind === 'name') targets.push({ name: item.name, span: item.span });
      else {
        this.report('bad-binding-target', item.span);
        return { kind: 'bad', names: targets.map((i) => i.name), span };
      }
    }
    return { kind: 'bind', targets, tuple: target.kind !== 'name', value, span };
  }
}
