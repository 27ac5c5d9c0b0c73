import type { Expr } from '../../grammar/ast.ts';
import { parseExpression } from '../../grammar/parser.ts';
import type { Span } from '../../grammar/span.ts';
import type { Context } from './context.ts';
import { Env } from './env.ts';
import type { EffectiveModel } from './extends.ts';
import type { ConfigValue } from './model.ts';
import { type LoadedSpec, syntaxDiagnostic } from './modules.ts';
import { COMMAND_LINE, takeParameter } from './origins.ts';
import { nearest } from './suggest.ts';
import { checkType } from './types.ts';
import { describe, ERROR, isNumber, toNumber, type Value } from './values.ts';

/** `--set` as given: text by parameter name; all texts in their order where there are several. */
export type RawOverrides = Readonly<Record<string, string | readonly string[]>>;

export interface Chosen {
  readonly config: Readonly<Record<string, ConfigValue>>;
  readonly variants: ReadonlyMap<string, string>;
  /** Settings of the train section that --set gives, without `train.`. */
  readonly train: ReadonlyMap<string, Expr>;
}

/** Binds parameters in order: from --set, from `extends`, or the default; then the variants. */
export function bindModelParameters(
  c: Context,
  loaded: LoadedSpec,
  model: EffectiveModel,
  raw: RawOverrides,
  env: Env,
): Chosen {
  const given = parseOverrides(c, loaded, model, raw);
  const config: Record<string, ConfigValue> = {};
  for (const { param, scope, override } of model.params) {
    const { name, span } = param.name;
    const what = `\`${name}\``;
    const set = given.get(name);
    const inScope = env.seenFrom(scope);
    const take = (kind: 'argument' | 'default', expr: Expr, seen: Env) =>
      takeParameter(c, inScope, what, param, kind, { value: c.evaluate(expr, seen), span: expr.span });
    let value: Value = ERROR;
    if (set) {
      value = take('argument', set, new Env({ file: set.span.file, names: new Map() }));
    } else if (given.has(name)) {
      // What its type binds, such as a vector's length, is unknown then rather than undefined.
      value = checkType(c, what, ERROR, param.type, inScope, span);
    } else if (override) {
      value = take('argument', override.argument.value, env.seenFrom(override.scope));
    } else if (param.default) {
      value = take('default', param.default, inScope);
    } else {
      const callee = model.component.name.name;
      c.report('missing-argument', span, { callee, name }, { hint: `give it a default, or --set ${name}=…` });
    }
    env.set(name, value);
    const plain = toConfig(value);
    if (plain !== undefined) config[name] = plain;
  }
  const variants = new Map<string, string>();
  for (const [name, { decl, override }] of model.variants) {
    const choice = given.get(name) ?? override?.argument.value;
    const names = decl.alternatives.map((a) => a.name.name);
    const chosen = choice ? alternativeName(choice) : names[0];
    if (chosen !== undefined && names.includes(chosen)) {
      variants.set(name, chosen);
      config[name] = chosen;
    } else if (choice) {
      const near = nearest(chosen ?? '', names);
      c.report(
        'unknown-alternative',
        choice.span,
        { name: chosen ?? 'this', variant: name, alternatives: names.join(', ') },
        near ? { hint: `\`${near}\`` } : {},
      );
    }
  }
  const train = new Map<string, Expr>();
  for (const [name, expr] of given) if (expr && name.startsWith('train.')) train.set(name.slice(6), expr);
  return { config, variants, train };
}

const alternativeName = (expr: Expr): string | undefined =>
  expr.kind === 'name' ? expr.name : expr.kind === 'string' ? expr.value : undefined;

/** Texts parsed; `undefined` for one that is wrong, and reported. */
function parseOverrides(
  c: Context,
  loaded: LoadedSpec,
  model: EffectiveModel,
  raw: RawOverrides,
): Map<string, Expr | undefined> {
  const given = new Map<string, Expr | undefined>();
  const names = [...model.params.map((p) => p.param.name.name), ...model.variants.keys()];
  const asks = new Map(
    model.params.map(({ param: { name, type } }) => [name.name, type.kind === 'name' ? type.name : '']),
  );
  for (const [name, all] of Object.entries(raw)) {
    const texts = [all].flat();
    const text = texts.at(-1) ?? '';
    const file = `${COMMAND_LINE}${name}`;
    loaded.sources.set(file, text);
    const start: Span = { file, start: 0, end: text.length, line: 1, column: 1 };
    if (texts.length > 1) {
      c.report('set-twice', start, {
        name,
        times: texts.length === 2 ? 'twice' : `${texts.length} times`,
        values: texts.map((t) => `\`${t}\``).join(', then '),
      });
    }
    if (!names.includes(name) && !name.startsWith('train.')) {
      const near = nearest(name, names);
      c.report(
        'unknown-parameter',
        start,
        { model: model.component.name.name, name, parameters: names.join(', ') || 'none' },
        near ? { hint: `\`${near}\`` } : {},
      );
      continue;
    }
    const { expr, issues } = parseExpression(text, file);
    if (asks.get(name) === 'string' && expr?.kind !== 'string' && expr?.kind !== 'if') {
      given.set(name, bareString(c, name, text, start));
      continue;
    }
    for (const issue of issues) c.reporter.add(syntaxDiagnostic(issue));
    if (!expr && issues.length === 0) {
      c.report('unexpected-end', start, { expected: 'a value' });
    }
    given.set(name, expr);
  }
  return given;
}

/** Words of the language that are values themselves, and no strings. */
const values = ['true', 'false', 'none'];

/** A word stands for itself where a string is asked for: shells take its quotes away. Nothing else does. */
function bareString(c: Context, name: string, text: string, span: Span): Expr | undefined {
  if (/^[A-Za-z_][\w.-]*$/.test(text) && !values.includes(text)) return { kind: 'string', value: text, span };
  const quoted = `"${text.replace(/^["']|["']$/g, '').replace(/["\\]/g, '\\$&')}"`;
  c.report(
    'wrong-type',
    span,
    { what: `\`${name}\``, expected: 'a string', found: `\`${text}\`` },
    { hint: `write it in quotes that the shell leaves: --set '${name}=${quoted}'` },
  );
  return undefined;
}

/** The plain form of a parameter's value. */
function toConfig(value: Value): ConfigValue | undefined {
  if (isNumber(value)) return toNumber(value);
  if (value.kind === 'bool' || value.kind === 'string' || value.kind === 'enum') return value.value;
  if (value.kind === 'vector' || value.kind === 'list') {
    return value.items.map((v) => (v.kind === 'bool' ? Number(v.value) : toNumber(v)));
  }
  return value.kind === 'error' ? undefined : describe(value);
}
