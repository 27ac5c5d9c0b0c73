import type { Span } from '../../grammar/span.ts';
import { bindArguments } from './arguments.ts';
import type { Context, Given } from './context.ts';
import type { Env } from './env.ts';
import { fitsF32 } from './f32.ts';
import type { Initialiser } from './model.ts';
import { describe, ERROR, isNumber, toNumber, type Value } from './values.ts';

interface InitialiserSpec {
  /** Arguments in order, with their defaults: `undefined` where one must be given, `null` where it may be left out. */
  readonly args: Readonly<Record<string, number | undefined | null>>;
  /** Takes the fans from the parameter's shape, as torch.nn.init does: so the shape needs two axes. */
  readonly fans?: boolean;
  readonly doc: string;
}

/** Initialisers by name; `src/training/initialise.ts` draws them. */
export const initialisers: Readonly<Record<string, InitialiserSpec>> = {
  zeros: { args: {}, doc: 'All 0.' },
  ones: { args: {}, doc: 'All 1.' },
  constant: { args: { value: undefined }, doc: 'All `value`.' },
  normal: { args: { std: 1, mean: 0 }, doc: 'Normal distribution.' },
  trunc_normal: {
    args: { std: 1, mean: 0 },
    doc: 'Normal distribution cut off at ±2 (torch.nn.init.trunc_normal_).',
  },
  uniform: { args: { lo: 0, hi: 1 }, doc: 'Uniform between `lo` and `hi`.' },
  kaiming_uniform: {
    args: { a: 0, fan: null },
    fans: true,
    doc: 'Uniform within ± sqrt(6 / ((1 + a²) fan)); `fan` is fan_in where it is left out (He et al. 2015).',
  },
  kaiming_normal: {
    args: { a: 0, mode: null },
    fans: true,
    doc: 'Normal with std sqrt(2 / ((1 + a²) fan)); mode: "fan_in" or "fan_out" (He et al. 2015).',
  },
  xavier_uniform: {
    args: {},
    fans: true,
    doc: 'Uniform within ± sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010).',
  },
  s4d_real_log: { args: {}, doc: 'log(1 … n) along the last axis (S4D-Real, Gu et al. 2022).' },
  dt_bias: {
    args: { min: 0.001, max: 0.1 },
    doc: 'Inverse softplus of steps that are log-uniform between `min` and `max` (Mamba, Gu and Dao 2023).',
  },
};

/** Beyond these hardly a draw of trunc_normal falls within ±2, so that drawing would not end. */
const truncated: Readonly<Record<string, readonly [least: number, most: number]>> = {
  mean: [-2, 2],
  std: [0, 100],
};

/** `kaiming_normal(a: 0.01)`: the initialiser with the arguments given. */
export function makeInitialiser(
  c: Context,
  name: string,
  args: readonly Given[],
  span: Span,
  env: Env,
): Value {
  const spec = initialisers[name];
  const required = Object.keys(spec.args).filter((k) => spec.args[k] === undefined);
  const bound = bindArguments(c, `\`${name}\``, Object.keys(spec.args), required, args, span);
  if (!bound) return ERROR;
  const numbers: Record<string, number> = {};
  for (const [key, given] of bound) {
    const { value, span: at } = given;
    if (value.kind === 'error') return ERROR;
    if (key === 'mode') {
      if (value.kind !== 'string' || (value.value !== 'fan_in' && value.value !== 'fan_out')) {
        const expected = '"fan_in" or "fan_out"';
        c.report('illegal-value', at, { what: '`mode`', expected, found: describe(value) });
        return ERROR;
      }
      numbers['fan_out'] = value.value === 'fan_out' ? 1 : 0;
    } else if (isNumber(value)) {
      numbers[key] = toNumber(value);
      if (!fitsF32(c, `\`${key}\` of ${name}`, numbers[key], { ...given, env })) return ERROR;
      const [least, most] = (name === 'trunc_normal' && truncated[key]) || [-Infinity, Infinity];
      if (numbers[key] < least || numbers[key] > most) {
        const expected = `between ${least} and ${most}`;
        c.report('illegal-value', at, { what: `\`${key}\` of ${name}`, expected, found: describe(value) });
        return ERROR;
      }
    } else {
      c.report('wrong-type', at, {
        what: `\`${key}\` of ${name}`,
        expected: 'a number',
        found: describe(value),
      });
      return ERROR;
    }
  }
  return { kind: 'init', init: { kind: name, args: numbers } };
}

/** `zeros` and the like without parentheses are initialisers too. */
export function toInitialiser(value: Value): Initialiser | undefined {
  if (value.kind === 'init') return value.init;
  if (value.kind !== 'builtin' || !(value.builtin.name in initialisers)) return undefined;
  const { args } = initialisers[value.builtin.name];
  return Object.values(args).includes(undefined) ? undefined : { kind: value.builtin.name, args: {} };
}

/** The initialiser with its defaults filled in, checked against the shape that it is for. */
export function completeInitialiser(
  c: Context,
  init: Initialiser,
  shape: readonly number[],
  span: Span,
): Initialiser {
  const spec = initialisers[init.kind];
  if (spec.fans && shape.length < 2 && init.args['fan'] === undefined) {
    c.report('illegal-value', span, {
      what: `the shape of a parameter that starts with ${init.kind}`,
      expected: 'at least two axes',
      found: `[${shape.join(', ')}]`,
    });
  }
  const args: Record<string, number> = { ...init.args };
  for (const [key, value] of Object.entries(spec.args)) {
    if (typeof value === 'number') args[key] ??= value;
  }
  return { kind: init.kind, args };
}
