import type { Expr } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import { bindArguments } from './arguments.ts';
import type { Context } from './context.ts';
import type { Env } from './env.ts';
import { fitsF32 } from './f32.ts';
import { nearest } from './suggest.ts';
import { describe, isInt, isNumber, show, toNumber } from './values.ts';

export interface Bounds {
  readonly min?: number;
  readonly max?: number;
  /** The bounds themselves are not allowed. */
  readonly open?: boolean;
  /** The number becomes part of the computation, as a 32-bit float. */
  readonly f32?: boolean;
}

/** `adamw(lr: 1e-4)`, or `cross_entropy` without arguments: a name and its arguments as expressions. */
export interface Form {
  readonly name: string;
  readonly args: ReadonlyMap<string, Expr>;
  readonly span: Span;
}

/** Reads the values of settings; each method reports what is wrong and then returns `undefined`. */
export class SettingReader {
  readonly c: Context;
  private readonly env: Env;

  constructor(c: Context, env: Env) {
    this.c = c;
    this.env = env;
  }

  number(what: string, expr: Expr, bounds: Bounds = {}): number | undefined {
    const value = this.c.evaluate(expr, this.env);
    if (value.kind === 'error') return undefined;
    if (!isNumber(value)) {
      this.c.report('wrong-type', expr.span, { what, expected: 'a number', found: describe(value) });
      return undefined;
    }
    const n = toNumber(value);
    const { min, max, open } = bounds;
    const fits =
      (min === undefined || (open ? n > min : n >= min)) &&
      (max === undefined || (open ? n < max : n <= max));
    if (fits) return !bounds.f32 || fitsF32(this.c, what, n, expr) ? n : undefined;
    this.c.report('illegal-value', expr.span, { what, expected: boundsText(bounds), found: show(value) });
    return undefined;
  }

  whole(what: string, expr: Expr, min: number): number | undefined {
    const value = this.c.evaluate(expr, this.env);
    if (value.kind === 'error') return undefined;
    if (isNumber(value) && !isInt(value))
      this.c.report('not-an-integer', expr.span, { what, found: show(value) });
    else if (!isInt(value)) {
      this.c.report('wrong-type', expr.span, { what, expected: 'a whole number', found: describe(value) });
    } else if (value.num >= min) return value.num;
    else
      this.c.report('illegal-value', expr.span, { what, expected: boundsText({ min }), found: show(value) });
    return undefined;
  }

  bool(what: string, expr: Expr): boolean | undefined {
    const value = this.c.evaluate(expr, this.env);
    if (value.kind === 'bool') return value.value;
    if (value.kind !== 'error') {
      this.c.report('wrong-type', expr.span, { what, expected: 'true or false', found: describe(value) });
    }
    return undefined;
  }

  numbers(what: string, expr: Expr, bounds: Bounds): number[] | undefined {
    const value = this.c.evaluate(expr, this.env);
    if (value.kind === 'error') return undefined;
    if (value.kind !== 'vector' || !value.items.every(isNumber)) {
      this.c.report('wrong-type', expr.span, {
        what,
        expected: 'a vector of numbers',
        found: describe(value),
      });
      return undefined;
    }
    const numbers = value.items.map(toNumber);
    const { min = -Infinity, max = Infinity } = bounds;
    if (numbers.every((n) => n >= min && n <= max)) {
      const held = numbers.map((n) => !bounds.f32 || fitsF32(this.c, `an entry of ${what}`, n, expr));
      return held.includes(false) ? undefined : numbers;
    }
    this.c.report('illegal-value', expr.span, {
      what,
      expected: `${boundsText(bounds)} in each entry`,
      found: show(value),
    });
    return undefined;
  }

  /** A list of different strings. */
  strings(what: string, expr: Expr): string[] | undefined {
    const value = this.c.evaluate(expr, this.env);
    if (value.kind === 'error') return undefined;
    const items = value.kind === 'list' ? value.items : [value];
    if (items.some((i) => i.kind === 'error')) return undefined;
    const strings = items.flatMap((i) => (i.kind === 'string' ? [i.value] : []));
    const twice = strings.find((s, i) => strings.indexOf(s) !== i);
    if (value.kind !== 'list' || strings.length !== items.length) {
      const found = describe(items.find((i) => i.kind !== 'string') ?? value);
      this.c.report('wrong-type', expr.span, { what, expected: 'a list of strings', found });
      return undefined;
    }
    if (twice === undefined) return strings;
    this.c.report('illegal-value', expr.span, {
      what,
      expected: 'each name once',
      found: `${JSON.stringify(twice)} twice`,
    });
    return undefined;
  }

  /** One of the named forms; `forms` gives each one's arguments in order. */
  form(what: string, expr: Expr, forms: Readonly<Record<string, readonly string[]>>): Form | undefined {
    const callee = expr.kind === 'call' ? expr.callee : expr;
    if (callee.kind !== 'name' || !Object.hasOwn(forms, callee.name)) {
      const found = callee.kind === 'name' ? `\`${callee.name}\`` : 'this expression';
      const choices = Object.keys(forms).join(', ');
      const near = callee.kind === 'name' ? nearest(callee.name, Object.keys(forms)) : undefined;
      const extras = near ? { hint: `\`${near}\`` } : {};
      if (what === 'loss') this.c.report('bad-loss', expr.span, { found }, extras);
      else this.c.report('bad-setting', expr.span, { found, what, choices }, extras);
      return undefined;
    }
    const args = expr.kind === 'call' ? expr.args : [];
    let named = false;
    for (const arg of args) {
      if (arg.name) named = true;
      else if (named) {
        this.c.report('argument-order', arg.span, {});
        return undefined;
      }
    }
    const given = args.map((a) => ({
      name: a.name,
      value: { kind: 'none' as const },
      span: a.span,
      expr: a.value,
    }));
    const bound = bindArguments(this.c, `\`${callee.name}\``, forms[callee.name], [], given, expr.span);
    if (!bound) return undefined;
    const exprs = new Map([...bound].flatMap(([name, g]) => (g.expr ? [[name, g.expr] as const] : [])));
    return { name: callee.name, args: exprs, span: expr.span };
  }

  missing(callee: string, name: string, span: Span): undefined {
    this.c.report('missing-argument', span, { callee: `\`${callee}\``, name });
    return undefined;
  }
}

function boundsText({ min, max, open }: Bounds): string {
  if (min !== undefined && max !== undefined)
    return `between ${min} and ${max}${open ? ', both left out' : ''}`;
  if (min !== undefined) return open ? `more than ${min}` : `at least ${min}`;
  return open ? `less than ${max}` : `at most ${max}`;
}
