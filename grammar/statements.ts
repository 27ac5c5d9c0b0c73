import type { IToken } from 'chevrotain';
import type { Expr, Ident, Stmt } from './ast.ts';
import { ExpressionParser } from './expressions.ts';
import { spanOf } from './layout.ts';
import { isNameToken, MAX_CHAIN } from './recovery.ts';
import type { Span } from './span.ts';
import * as t from './tokens.ts';

/** Statements inside `forward`, `def` and the branches of an `if`. */
export abstract class StatementParser extends ExpressionParser {
  /** `if c { a } else if d { b } else { e }`, as an expression or as a statement. */
  protected conditional: () => Expr = this.RULE('conditional', (): Expr => {
    const branches: { cond: Expr; body: Stmt[]; span: Span }[] = [];
    const branch = (first: IToken, cond: Expr, body: Stmt[]) =>
      branches.push({ cond, body, span: this.spanFrom(first) });
    const start = this.CONSUME(t.If);
    const cond = this.SUBRULE(this.expression);
    branch(start, cond, this.SUBRULE(this.statementBlock));
    this.MANY(() => {
      const first = this.CONSUME(t.Else);
      this.CONSUME1(t.If);
      const other = this.SUBRULE1(this.expression);
      branch(first, other, this.SUBRULE1(this.statementBlock));
      this.limitChain(branches.length - 1, start);
    });
    let last = this.OPTION(() => {
      this.CONSUME1(t.Else);
      return this.SUBRULE2(this.statementBlock);
    });
    const end = this.spanFrom(start).end;
    for (let i = Math.min(branches.length, MAX_CHAIN) - 1; i >= 0; i--) {
      const expr: Expr = {
        kind: 'if',
        cond: branches[i].cond,
        body: branches[i].body,
        else: last,
        span: { ...branches[i].span, end },
      };
      if (i === 0) return expr;
      last = [{ kind: 'expr', value: expr, span: expr.span }];
    }
    return branches[0].cond;
  });

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
          GATE: () => isNameToken(this.LA(2)),
          ALT: () => {
            this.CONSUME(t.Update);
            const target = this.SUBRULE1(this.identifier);
            this.CONSUME1(t.Equals);
            const value = this.SUBRULE5(this.expression);
            return { kind: 'update', target, value, span: this.spanFrom(first) };
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
