import type { Span } from '../../grammar/span.ts';
import { initialisers } from '../recipe/initialisers.ts';
import { bindArguments } from './arguments.ts';
import type { Context, Given } from './context.ts';
import { arithmetic, fromDim } from './numbers.ts';
import {
  bool,
  describe,
  ERROR,
  float,
  int,
  isInt,
  isNumber,
  type Rational,
  toNumber,
  type Value,
} from './values.ts';

/** A function of the language itself. */
export interface Builtin {
  readonly name: string;
  readonly params: readonly string[];
  /** The last parameter takes all that is left. */
  readonly variadic?: boolean;
  /** Initialisers are made by `makeInitialiser`; `zeros(n)` and `ones(n)` are both. */
  readonly doc: string;
  apply?(c: Context, args: readonly Value[], span: Span): Value | Wrong;
}

/** An argument of the wrong kind: which, and what it should be. */
interface Wrong {
  readonly kind: 'wrong';
  readonly index: number;
  readonly expected: string;
}
const wrong = (index: number, expected: string): Wrong => ({ kind: 'wrong', index, expected });

const itemsOf = (v: Value): readonly Value[] | undefined =>
  v.kind === 'vector' || v.kind === 'list'
    ? v.items
    : v.kind === 'range'
      ? Array.from({ length: Math.max(0, v.to - v.from) }, (_, i) => int(v.from + i))
      : undefined;

const rounding = (
  name: string,
  exact: (num: number, den: number) => number,
  of: (x: number) => number,
): Builtin => ({
  name,
  params: ['x'],
  doc: `${name}(x) is a whole number.`,
  apply(c, [x], span) {
    if (x.kind === 'rational') return int(exact(x.num, x.den), x.origin);
    if (x.kind !== 'float') return wrong(0, 'a number');
    const value = of(x.value);
    if (Number.isSafeInteger(value)) return int(value + 0);
    c.report('number-too-large', span, { number: String(x.value) });
    return ERROR;
  },
});

const extremum = (name: string, better: (a: number, b: number) => boolean): Builtin => ({
  name,
  params: ['values'],
  variadic: true,
  doc: `${name}(a, b, …) or ${name}(vector).`,
  apply(_c, args) {
    const items = args.length === 1 ? itemsOf(args[0]) : args;
    if (!items || items.length === 0) return wrong(0, 'numbers, or a vector with entries');
    if (items.some((v) => v.kind === 'error')) return ERROR;
    const bad = items.findIndex((v) => !isNumber(v));
    if (bad >= 0) return wrong(args.length === 1 ? 0 : bad, 'numbers');
    return items.reduce((a, b) => (better(toNumber(b), toNumber(a)) ? b : a));
  },
});

const filled = (name: string, value: number): Builtin => ({
  name,
  params: ['n'],
  doc: `${name}(n) is a vector of n entries ${value}; without parentheses, the initialiser.`,
  apply(c, [n], span) {
    if (!isInt(n) || n.num < 0) return wrong(0, 'a whole number of at least 0');
    c.limits.step(span, n.num);
    return { kind: 'vector', items: new Array<Value>(n.num).fill(int(value)) };
  },
});

const list: Builtin[] = [
  rounding('floor', (n, d) => Math.floor(n / d), Math.floor),
  rounding('ceil', (n, d) => Math.ceil(n / d), Math.ceil),
  // Halves away from zero, as schools teach it.
  rounding(
    'round',
    (n, d) => Math.sign(n) * Math.floor((2 * Math.abs(n) + d) / (2 * d)),
    (x) => Math.sign(x) * Math.round(Math.abs(x)),
  ),
  extremum('min', (a, b) => a < b),
  extremum('max', (a, b) => a > b),
  filled('zeros', 0),
  filled('ones', 1),
  {
    name: 'len',
    params: ['x'],
    doc: 'Number of entries of a vector, a list, or of indexed instances.',
    apply(_c, [x]) {
      if (x.kind === 'indexed') {
        const depth = x.prefix.length;
        const keys = [...x.entries.keys()].map((k) => k.split('.'));
        return int(
          new Set(keys.filter((k) => x.prefix.every((p, i) => k[i] === String(p))).map((k) => k[depth])).size,
        );
      }
      const items = itemsOf(x);
      return items ? int(items.length) : wrong(0, 'a vector or a list');
    },
  },
  {
    name: 'sum',
    params: ['x'],
    doc: 'Sum of a vector of numbers; of a tensor, the op.',
    apply(_c, [x]) {
      const items = itemsOf(x);
      if (!items) return wrong(0, 'a vector');
      let total: Value = int(0);
      for (const item of items) {
        const next = arithmetic('+', total, item);
        if (!next || next.kind === 'problem') return wrong(0, 'a vector of numbers');
        total = next;
      }
      return total;
    },
  },
  {
    name: 'sqrt',
    params: ['x'],
    doc: 'Square root of a number, as a float.',
    apply(_c, [x]) {
      return isNumber(x) && toNumber(x) >= 0
        ? float(Math.sqrt(toNumber(x)))
        : wrong(0, 'a number of at least 0');
    },
  },
  {
    name: 'exists',
    params: ['x'],
    doc: 'Whether an instance or parameter was declared, that is, its condition was true.',
    apply(_c, [x]) {
      return bool(x.kind !== 'none');
    },
  },
  {
    name: 'reversed',
    params: ['x'],
    doc: 'A vector or list from its end to its start.',
    apply(_c, [x]) {
      const items = itemsOf(x);
      if (!items) return wrong(0, 'a vector or a list');
      return { kind: x.kind === 'list' ? 'list' : 'vector', items: [...items].reverse() };
    },
  },
  {
    name: 'shape',
    params: ['x'],
    doc: 'The sizes of a tensor, outermost first, as a list.',
    apply(_c, [x]) {
      return x.kind === 'tensor' ? { kind: 'list', items: x.dims.map(fromDim) } : wrong(0, 'a tensor');
    },
  },
  {
    name: 'ramp',
    params: ['from', 'to', 'depths'],
    doc: 'sum(depths) numbers evenly spaced from `from` to `to`, as one vector a stage.',
    apply(c, [from, to, depths], span) {
      if (!isNumber(from)) return wrong(0, 'a number');
      if (!isNumber(to)) return wrong(1, 'a number');
      const counts = itemsOf(depths);
      if (!counts?.every((v): v is Rational => isInt(v) && v.num >= 0))
        return wrong(2, 'a vector of whole numbers');
      const total = counts.reduce((n, d) => n + d.num, 0);
      c.limits.step(span, total);
      const [a, b] = [toNumber(from), toNumber(to)];
      let i = 0;
      const at = (): Value => float(a + (total > 1 ? ((b - a) * i++) / (total - 1) : 0));
      return {
        kind: 'list',
        items: counts.map((d) => ({ kind: 'vector', items: Array.from({ length: d.num }, at) })),
      };
    },
  },
];

for (const [name, { args, doc }] of Object.entries(initialisers)) {
  if (!list.some((b) => b.name === name)) list.push({ name, params: Object.keys(args), doc });
}

export const builtins: ReadonlyMap<string, Builtin> = new Map(list.map((b) => [b.name, b]));

export function callBuiltin(c: Context, builtin: Builtin, args: readonly Given[], span: Span): Value {
  const callee = `\`${builtin.name}\``;
  let values: Value[];
  let spans: Span[];
  if (builtin.variadic) {
    const named = args.find((a) => a.name);
    if (named?.name) {
      c.report('unknown-argument', named.name.span, {
        callee,
        name: named.name.name,
        arguments: 'given by position',
      });
      return ERROR;
    }
    if (args.length === 0) {
      c.report('missing-argument', span, { callee, name: builtin.params[0] });
      return ERROR;
    }
    values = args.map((a) => a.value);
    spans = args.map((a) => a.span);
  } else {
    const bound = bindArguments(c, callee, builtin.params, builtin.params, args, span);
    if (!bound) return ERROR;
    values = builtin.params.map((p) => bound.get(p)?.value ?? ERROR);
    spans = builtin.params.map((p) => bound.get(p)?.span ?? span);
  }
  if (values.some((v) => v.kind === 'error') || !builtin.apply) return ERROR;
  const result = builtin.apply(c, values, span);
  if (result.kind !== 'wrong') return result;
  const what = `\`${builtin.params[Math.min(result.index, builtin.params.length - 1)]}\` of ${builtin.name}`;
  c.report('wrong-type', spans[result.index] ?? span, {
    what,
    expected: result.expected,
    found: describe(values[result.index] ?? ERROR),
  });
  return ERROR;
}
