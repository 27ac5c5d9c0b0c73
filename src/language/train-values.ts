import type { Expr } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import { type Chosen, type Forms, type Range, takesNone, withDefaults } from '../recipe/setting.ts';
import { bindArguments } from './arguments.ts';
import type { Context } from './context.ts';
import type { Env } from './env.ts';
import { numberIn, readSetting, wholeIn } from './setting-values.ts';
import { nearest } from './suggest.ts';
import { describe } from './values.ts';

/** `adamw(lr: 1e-4)`, or `cross_entropy` without arguments: a name and its arguments as expressions. */
export interface WrittenForm<K> {
  readonly kind: K;
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

  number(what: string, expr: Expr, range: Range): number | undefined {
    return numberIn(this.c, what, this.c.evaluate(expr, this.env), range, expr);
  }

  whole(what: string, expr: Expr, least: number): number | undefined {
    return wholeIn(this.c, what, this.c.evaluate(expr, this.env), { least }, expr);
  }

  string(what: string, expr: Expr, expected = 'a string'): string | undefined {
    const value = this.c.evaluate(expr, this.env);
    if (value.kind === 'string') return value.value;
    if (value.kind !== 'error')
      this.c.report('wrong-type', expr.span, { what, expected, found: describe(value) });
    return undefined;
  }

  illegal(what: string, { span }: Pick<Expr, 'span'>, expected: string, found: string): void {
    this.c.report('illegal-value', span, { what, expected, found });
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
    this.illegal(what, expr, 'each name once', `${JSON.stringify(twice)} twice`);
    return undefined;
  }

  /**
   * A list of lists of different strings; one alone may stand for a list of it.
   *
   * @param what it is, and what an entry of it is
   */
  groups(what: string, entry: string, expr: Expr): string[][] | undefined {
    const groups = (expr.kind === 'list' ? expr.items : []).map((item) => {
      if (item.kind !== 'list') {
        const name = this.string(entry, item, 'a name, or a list of names');
        return name === undefined ? undefined : [name];
      }
      const names = this.strings(entry, item);
      if (names?.length === 0) this.illegal(entry, item, 'a name at least', '[]');
      return names?.length === 0 ? undefined : names;
    });
    if (expr.kind !== 'list') this.strings(what, expr);
    else if (groups.length === 0) this.illegal(what, expr, 'one entry at least', '[]');
    const fine = groups.flatMap((group) => (group ? [group] : []));
    return fine.length === 0 || fine.length < groups.length ? undefined : fine;
  }

  /** One of the forms of a table. `what` says what they are; `code` is that of a mistake in the name. */
  form<F extends Forms>(
    what: string,
    expr: Expr,
    forms: F,
    code: 'bad-setting' | 'bad-loss' = 'bad-setting',
  ): WrittenForm<keyof F & string> | undefined {
    const callee = expr.kind === 'call' ? expr.callee : expr;
    if (callee.kind !== 'name' || !Object.hasOwn(forms, callee.name)) {
      const found = callee.kind === 'name' ? `\`${callee.name}\`` : 'this expression';
      const choices = Object.keys(forms).join(', ');
      const near = callee.kind === 'name' ? nearest(callee.name, Object.keys(forms)) : undefined;
      this.c.report(code, expr.span, { found, what, choices }, near ? { hint: `\`${near}\`` } : {});
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
    const known = Object.keys(forms[callee.name].args);
    const bound = bindArguments(this.c, `\`${callee.name}\``, known, [], given, expr.span);
    if (!bound) return undefined;
    const exprs = new Map([...bound].flatMap(([name, g]) => (g.expr ? [[name, g.expr] as const] : [])));
    return { kind: callee.name, args: exprs, span: expr.span };
  }

  /** A form with all its arguments, those left out as the table says. */
  chosen<F extends Forms>(form: WrittenForm<keyof F & string>, forms: F): Chosen<F> | undefined {
    const { args } = forms[form.kind];
    const values: Record<string, unknown> = {};
    let fine = true;
    for (const [name, setting] of Object.entries(args)) {
      const expr = form.args.get(name);
      if (expr) {
        const value = this.c.evaluate(expr, this.env);
        if (value.kind === 'none' && takesNone(setting)) continue;
        values[name] = readSetting(this.c, `\`${name}\` of ${form.kind}`, value, setting, expr);
        fine &&= values[name] !== undefined;
      } else if (setting.needed) {
        this.c.report('missing-argument', form.span, { callee: `\`${form.kind}\``, name });
        fine = false;
      }
    }
    return fine ? ({ kind: form.kind, ...withDefaults(args, values) } as Chosen<F>) : undefined;
  }
}
