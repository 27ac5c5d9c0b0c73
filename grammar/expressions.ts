import type { IToken } from 'chevrotain';
import type { Argument, BinaryOperator, Expr, Ident } from './ast.ts';
import { spanOf } from './layout.ts';
import { MAX_CHAIN, RecoveringParser } from './recovery.ts';
import type { Span } from './span.ts';
import * as t from './tokens.ts';

/** Expressions. The actions build the AST on the spot. */
export abstract class ExpressionParser extends RecoveringParser {
  protected identifier = this.RULE('identifier', (): Ident => {
    const token = this.CONSUME(t.Identifier);
    return { name: token.image, span: spanOf(token, this.file) };
  });

  // --- expressions, loosest binding first ---

  expression = this.RULE('expression', (): Expr => {
    const first = this.LA(1);
    let left = this.SUBRULE(this.disjunction);
    let length = 0;
    this.MANY(() => {
      this.CONSUME(t.Pipe);
      const right = this.SUBRULE(this.postfix);
      this.limitChain(++length, first);
      if (length <= MAX_CHAIN) left = { kind: 'pipe', left, right, span: this.spanFrom(first) };
    });
    return left;
  });

  private binary(
    operand: (again: boolean) => Expr,
    next: (step: () => void) => void,
    operator: () => IToken,
  ): Expr {
    const first = this.LA(1);
    let left = operand(false);
    let length = 0;
    next(() => {
      const token = operator();
      const right = operand(true);
      this.limitChain(++length, first);
      if (length > MAX_CHAIN) return;
      left = {
        kind: 'binary',
        operator: token.image as BinaryOperator,
        operatorSpan: spanOf(token, this.file),
        left,
        right,
        span: this.spanFrom(first),
      };
    });
    return left;
  }

  private disjunction = this.RULE('disjunction', (): Expr => {
    return this.binary(
      (again) => (again ? this.SUBRULE1(this.conjunction) : this.SUBRULE(this.conjunction)),
      (step) => this.MANY(step),
      () => this.CONSUME(t.Or),
    );
  });

  private conjunction = this.RULE('conjunction', (): Expr => {
    return this.binary(
      (again) => (again ? this.SUBRULE1(this.negation) : this.SUBRULE(this.negation)),
      (step) => this.MANY(step),
      () => this.CONSUME(t.And),
    );
  });

  private negation = this.RULE('negation', (): Expr => {
    const nots: IToken[] = [];
    this.MANY(() => {
      nots.push(this.CONSUME(t.Not));
    });
    return this.prefixed(nots, 'not', this.SUBRULE(this.comparison));
  });

  private prefixed(tokens: IToken[], operator: '-' | 'not', operand: Expr): Expr {
    if (this.RECORDING_PHASE || tokens.length === 0) return operand;
    this.limitChain(Math.min(tokens.length, MAX_CHAIN + 1), tokens[0]);
    let expr = operand;
    for (const token of tokens.slice(0, MAX_CHAIN).reverse()) {
      expr = { kind: 'unary', operator, operand: expr, span: this.spanFrom(token) };
    }
    return expr;
  }

  private comparison = this.RULE('comparison', (): Expr => {
    return this.binary(
      (again) => (again ? this.SUBRULE1(this.range) : this.SUBRULE(this.range)),
      (step) => this.MANY(step),
      () =>
        this.OR([
          { ALT: () => this.CONSUME(t.EqualEqual) },
          { ALT: () => this.CONSUME(t.NotEqual) },
          { ALT: () => this.CONSUME(t.Less) },
          { ALT: () => this.CONSUME(t.LessEqual) },
          { ALT: () => this.CONSUME(t.Greater) },
          { ALT: () => this.CONSUME(t.GreaterEqual) },
        ]),
    );
  });

  private range = this.RULE('range', (): Expr => {
    const first = this.LA(1);
    const from = this.SUBRULE(this.sum);
    const to = this.OPTION(() => {
      this.CONSUME(t.Range);
      return this.SUBRULE1(this.sum);
    });
    return to ? { kind: 'range', from, to, span: this.spanFrom(first) } : from;
  });

  protected sum = this.RULE('sum', (): Expr => {
    return this.binary(
      (again) => (again ? this.SUBRULE1(this.product) : this.SUBRULE(this.product)),
      (step) => this.MANY(step),
      () => this.OR([{ ALT: () => this.CONSUME(t.Plus) }, { ALT: () => this.CONSUME(t.Minus) }]),
    );
  });

  private product = this.RULE('product', (): Expr => {
    return this.binary(
      (again) => (again ? this.SUBRULE1(this.negative) : this.SUBRULE(this.negative)),
      (step) => this.MANY(step),
      () =>
        this.OR([
          { ALT: () => this.CONSUME(t.Star) },
          { ALT: () => this.CONSUME(t.Slash) },
          { ALT: () => this.CONSUME(t.Percent) },
        ]),
    );
  });

  private negative = this.RULE('negative', (): Expr => {
    const signs: IToken[] = [];
    this.MANY(() => {
      signs.push(this.CONSUME(t.Minus));
    });
    return this.prefixed(signs, '-', this.SUBRULE(this.power));
  });

  /** `^` binds to the right, tighter than a sign before it: `-2 ^ 2` is -4; its exponent may have one. */
  private power = this.RULE('power', (): Expr => {
    const first = this.LA(1);
    const operands = [this.SUBRULE(this.postfix)];
    const operators: IToken[] = [];
    this.MANY(() => {
      operators.push(this.CONSUME(t.Caret));
      const minus = this.OPTION(() => this.CONSUME(t.Minus));
      const operand = this.SUBRULE1(this.postfix);
      operands.push(minus ? { kind: 'unary', operator: '-', operand, span: this.spanFrom(minus) } : operand);
    });
    if (this.RECORDING_PHASE) return operands[0];
    this.limitChain(Math.min(operators.length, MAX_CHAIN + 1), first);
    let right = operands[operators.length];
    for (let i = Math.min(operators.length, MAX_CHAIN) - 1; i >= 0; i--) {
      const operatorSpan = spanOf(operators[i], this.file);
      const span = { ...operands[i].span, end: right.span.end };
      right = { kind: 'binary', operator: '^', operatorSpan, left: operands[i], right, span };
    }
    return right;
  });

  private postfix = this.RULE('postfix', (): Expr => {
    const first = this.LA(1);
    let target = this.SUBRULE(this.primary);
    let length = 0;
    this.MANY(() => {
      this.limitChain(++length, first);
      this.OR([
        {
          ALT: () => {
            const args = this.SUBRULE(this.arguments);
            if (length <= MAX_CHAIN)
              target = { kind: 'call', callee: target, args, span: this.spanFrom(first) };
          },
        },
        {
          ALT: () => {
            this.CONSUME(t.LSquare);
            const index = this.SUBRULE(this.expression);
            this.CONSUME(t.RSquare);
            if (length <= MAX_CHAIN) target = { kind: 'index', target, index, span: this.spanFrom(first) };
          },
        },
      ]);
    });
    return target;
  });

  protected arguments = this.RULE('arguments', (): Argument[] => {
    const args: Argument[] = [];
    this.CONSUME(t.LParen);
    this.commaSeparated(() => args.push(this.SUBRULE(this.argument)));
    this.CONSUME(t.RParen);
    return args;
  });

  private argument = this.RULE('argument', (): Argument => {
    const first = this.LA(1);
    const name = this.OPTION({
      GATE: () => this.LA(2).tokenType === t.Colon,
      DEF: () => {
        const ident = this.SUBRULE(this.identifier);
        this.CONSUME(t.Colon);
        return ident;
      },
    });
    const value = this.SUBRULE(this.expression);
    return { name, value, span: this.spanFrom(first) };
  });

  private primary = this.RULE('primary', (): Expr => {
    const token = this.LA(1);
    const span = spanOf(token, this.file);
    return this.OR({
      ERR_MSG: 'an expression',
      DEF: [
        { ALT: () => this.number('int', this.CONSUME(t.Int), span) },
        { ALT: () => this.number('float', this.CONSUME(t.Float), span) },
        { ALT: (): Expr => ({ kind: 'string', value: unquote(this.CONSUME(t.Text).image), span }) },
        { ALT: () => this.literal(this.CONSUME(t.True), { kind: 'bool', value: true, span }) },
        { ALT: () => this.literal(this.CONSUME1(t.False), { kind: 'bool', value: false, span }) },
        { ALT: () => this.literal(this.CONSUME2(t.None), { kind: 'none', span }) },
        { ALT: (): Expr => ({ kind: 'name', name: this.CONSUME(t.Identifier).image, span }) },
        { ALT: () => this.SUBRULE(this.vector) },
        { ALT: () => this.SUBRULE(this.list) },
        { ALT: () => this.SUBRULE(this.parenthesised) },
        { ALT: () => this.SUBRULE(this.conditional) },
      ],
    });
  });

  private literal(_token: IToken, expr: Expr): Expr {
    return expr;
  }

  private number(kind: 'int' | 'float', token: IToken, span: Span): Expr {
    const value = Number(token.image);
    const fits = kind === 'int' ? Number.isSafeInteger(value) : Number.isFinite(value);
    if (fits) return { kind, value, span };
    const hint = 'floats stay within ±3.4e38, as networks compute in 32-bit floats';
    this.report(
      'number-too-large',
      span,
      { number: token.image.slice(0, 40) },
      kind === 'float' ? hint : undefined,
    );
    return { kind: 'bad', span };
  }

  private vector = this.RULE('vector', (): Expr => {
    const first = this.CONSUME(t.VectorOpen);
    const items: Expr[] = [];
    this.commaSeparated(() => items.push(this.SUBRULE(this.sum)));
    this.CONSUME(t.VectorClose);
    return { kind: 'vector', items, span: this.spanFrom(first) };
  });

  /** `[a, b]` or `[f(s) for s in skips]`. */
  private list = this.RULE('list', (): Expr => {
    const first = this.CONSUME(t.LSquare);
    const items: Expr[] = [];
    let loop: { variable: Ident; source: Expr } | undefined;
    this.commaSeparated(() => {
      items.push(this.SUBRULE(this.expression));
      this.OPTION1({
        GATE: () => items.length === 1,
        DEF: () => {
          this.CONSUME(t.For);
          const variable = this.SUBRULE(this.identifier);
          this.CONSUME(t.In);
          loop = { variable, source: this.SUBRULE1(this.expression) };
        },
      });
    });
    this.CONSUME(t.RSquare);
    const span = this.spanFrom(first);
    return loop ? { kind: 'comprehension', item: items[0], ...loop, span } : { kind: 'list', items, span };
  });

  private parenthesised = this.RULE('parenthesised', (): Expr => {
    const first = this.CONSUME(t.LParen);
    const items: Expr[] = [];
    let commas = 0;
    let more = true;
    this.AT_LEAST_ONE({
      GATE: () => more,
      ERR_MSG: 'an expression',
      DEF: () => {
        items.push(this.SUBRULE(this.expression));
        more = this.OPTION(() => this.CONSUME(t.Comma)) !== undefined;
        if (more) commas++;
      },
    });
    this.CONSUME(t.RParen);
    const span = this.spanFrom(first);
    return commas > 0 ? { kind: 'tuple', items, span } : items[0];
  });

  /** An `if` holds statements, which hold expressions. */
  protected abstract conditional: () => Expr;
}

function unquote(image: string): string {
  return image.slice(1, -1).replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c === 't' ? '\t' : c));
}
