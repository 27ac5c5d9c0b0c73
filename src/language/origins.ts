import type { Expr, Parameter } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import type { Context } from './context.ts';
import type { Label } from './diagnostics/index.ts';
import type { Env } from './env.ts';
import { partsOf } from './expression-parts.ts';
import { checkType } from './types.ts';
import { show, type Value } from './values.ts';

interface Given {
  readonly kind: 'argument' | 'default';
  readonly name: string;
  readonly value: Value;
  readonly span: Span;
}

/** Where the value of a name comes from: an argument, a parameter's default, or the expression of a `let`. */
export type Origin = Given | { readonly kind: 'let'; readonly expr: Expr };

/** What the text of a --set is called, before the name; it is no file. */
export const COMMAND_LINE = '--set ';

/**
 * The value of a parameter as its type wants it. Keeps where it stands, and with it that of the vector length which
 * the type binds.
 */
export function takeParameter(
  c: Context,
  env: Env,
  what: string,
  { name, type }: Parameter,
  kind: 'argument' | 'default',
  given: { readonly value: Value; readonly span: Span },
): Value {
  const value = checkType(c, what, given.value, type, env, given.span);
  const origin: Origin = { kind, name: name.name, value, span: given.span };
  env.origins.set(name.name, origin);
  if (type.kind === 'vector' && type.length.kind === 'name' && !env.origins.has(type.length.name)) {
    env.origins.set(type.length.name, origin);
  }
  return value;
}

/**
 * What makes a condition true or false: the arguments on which it depends, through any number of `let`s, in the
 * order of its names; the defaults where there are no arguments. `blamed` is the first argument in a file.
 */
export function causes(cond: Expr, env: Env): { labels: Label[]; blamed: Span | undefined } {
  const found: Given[] = [];
  const seen = new Set<Origin>();
  const visit = (expr: Expr): void => {
    for (const name of namesIn(expr)) {
      const origin = env.originOf(name);
      if (!origin || seen.has(origin)) continue;
      seen.add(origin);
      if (origin.kind === 'let') visit(origin.expr);
      else found.push(origin);
    }
  };
  visit(cond);
  const args = found.filter((given) => given.kind === 'argument');
  return {
    labels: (args.length > 0 ? args : found).map(({ name, value, span }) => ({
      span,
      text: `\`${name}\` is ${show(value)}`,
    })),
    blamed: args.find(({ span }) => !span.file.startsWith(COMMAND_LINE))?.span,
  };
}

/** `H = 100, W = 96`: the values of an expression's names, as far as they can be written. */
export function valuesIn(expr: Expr, env: Env): string {
  return namesIn(expr)
    .flatMap((name) => {
      const value = env.get(name);
      return value && written.includes(value.kind) ? [`${name} = ${show(value)}`] : [];
    })
    .join(', ');
}

const written: readonly Value['kind'][] = ['rational', 'float', 'bool', 'string', 'vector', 'list', 'enum'];

/** Names in an expression, each once, in the order of the text. */
export function namesIn(expr: Expr): string[] {
  if (expr.kind === 'name') return [expr.name];
  return [...new Set(partsOf(expr).flatMap(namesIn))];
}
