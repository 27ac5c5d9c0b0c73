import type { Span } from '../../grammar/span.ts';
import { type InitialiserKind, initialiserEntry, isInitialiser } from '../recipe/initialisers.ts';
import { type Setting, takesNone } from '../recipe/setting.ts';
import { bindArguments } from './arguments.ts';
import type { Context, Given } from './context.ts';
import type { Env } from './env.ts';
import type { Initialiser } from './model.ts';
import { readSetting } from './setting-values.ts';
import { ERROR, type Value } from './values.ts';

/** `kaiming_normal(a: 0.01)`: the initialiser with the arguments given. */
export function makeInitialiser(
  c: Context,
  kind: InitialiserKind,
  args: readonly Given[],
  span: Span,
  env: Env,
): Value {
  const settings = initialiserEntry(kind).args;
  const bound = bindArguments(c, `\`${kind}\``, Object.keys(settings), neededOf(settings), args, span);
  if (!bound) return ERROR;
  const values: Record<string, number | string> = {};
  for (const [name, given] of bound) {
    const setting = settings[name] as Setting<number | string>;
    if (given.value.kind === 'none' && takesNone(setting)) continue;
    const value = readSetting(c, `\`${name}\` of ${kind}`, given.value, setting, { ...given, env });
    if (value === undefined) return ERROR;
    values[name] = value;
  }
  return { kind: 'init', init: { kind, args: values } };
}

const neededOf = (settings: Readonly<Record<string, Setting>>): string[] =>
  Object.entries(settings).flatMap(([name, { needed }]) => (needed ? [name] : []));

/** `zeros` and the like without parentheses are initialisers too. */
export function toInitialiser(value: Value): Initialiser | undefined {
  if (value.kind === 'init') return value.init;
  if (value.kind !== 'builtin' || !isInitialiser(value.builtin.name)) return undefined;
  const kind = value.builtin.name;
  return neededOf(initialiserEntry(kind).args).length > 0 ? undefined : { kind, args: {} };
}

/** Whether it can start a tensor of whole numbers. */
export const isWhole = ({ kind, args }: Initialiser): boolean =>
  initialiserEntry(kind).whole === true &&
  Object.values(args).every((n) => Number.isInteger(n) && Math.abs(Number(n)) < 2 ** 31);

/** The initialiser with its defaults filled in, checked against the shape that it is for. */
export function completeInitialiser(
  c: Context,
  init: Initialiser,
  shape: readonly number[],
  span: Span,
): Initialiser {
  const entry = initialiserEntry(init.kind);
  if (entry.fans && shape.length < 2 && init.args['fan'] === undefined) {
    c.report('illegal-value', span, {
      what: `the shape of a parameter that starts with ${init.kind}`,
      expected: 'at least two axes',
      found: `[${shape.join(', ')}]`,
    });
  }
  const defaults = Object.entries(entry.args).flatMap(([name, { otherwise }]) =>
    otherwise === undefined ? [] : [[name, otherwise as number | string] as const],
  );
  return { kind: init.kind, args: { ...Object.fromEntries(defaults), ...init.args } };
}
