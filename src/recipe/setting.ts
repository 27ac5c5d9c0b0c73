/** Which numbers are allowed. */
export interface Range {
  readonly least?: number;
  readonly most?: number;
  /** Larger than this. */
  readonly above?: number;
  /** Smaller than this. */
  readonly below?: number;
  /** The number becomes part of the computation, as a 32-bit float. */
  readonly f32?: boolean;
}

/** What an argument takes, and what it is where it is left out. `T` is its type once it is read. */
export interface Setting<T = unknown> {
  readonly type: 'number' | 'whole' | 'flag' | 'numbers' | 'word' | 'text';
  readonly doc: string;
  readonly range: Range;
  /** Of `numbers`: how many; left out, any number of them. */
  readonly length?: number;
  /** Of a `word`: those to choose from. */
  readonly choices?: readonly string[];
  /** It cannot be left out. */
  readonly needed: boolean;
  /** What it is where it is left out; `undefined` may mean something of its own, which `doc` says. */
  readonly otherwise?: T;
}

/** What can be asked for by a name and arguments: `sgd(lr: 0.1)`. */
export interface Form {
  readonly args: Readonly<Record<string, Setting>>;
  /** One paragraph: what it does, and whose it is. */
  readonly doc: string;
  /** A line of a spec that uses it. */
  readonly example: string;
}

export type Forms = Readonly<Record<string, Form>>;

/** Arguments as they are read. */
export type Values<A> = { readonly [K in keyof A]: A[K] extends Setting<infer T> ? T : never };

/** One of the forms with its arguments read: `{kind: 'sgd', lr: 0.1, …}`. */
export type Chosen<F> = {
  [K in keyof F]: F[K] extends { readonly args: infer A } ? { readonly kind: K } & Values<A> : never;
}[keyof F];

type Described<T> = Omit<Setting<T>, 'needed' | 'otherwise'>;

const needed = <T>(setting: Described<T>): Setting<T> => ({ ...setting, needed: true });
const withDefault = <T>(setting: Described<T>, otherwise: T): Setting<T> => ({
  ...setting,
  needed: false,
  otherwise,
});

/** Whether `none` may be written for it: it says the same as leaving it out. */
export const takesNone = ({ needed, otherwise }: Setting): boolean => !needed && otherwise === undefined;

/** A number that may be left out, which means something of its own. */
export const numberOrNone = (doc: string, range: Range): Setting<number | undefined> => ({
  ...{ type: 'number', doc, range, needed: false },
});

/** A number; without a default it must be given. */
export function number(doc: string, range: Range, otherwise?: number): Setting<number> {
  const setting = { type: 'number', doc, range } as const;
  return otherwise === undefined ? needed(setting) : withDefault(setting, otherwise);
}

/** A whole number of at least `least`. */
export const whole = (doc: string, least: number, otherwise: number): Setting<number> =>
  withDefault({ type: 'whole', doc, range: { least } }, otherwise);

/** A whole number of at least `least`, which must be given. */
export const wholeNeeded = (doc: string, least: number): Setting<number> =>
  needed({ type: 'whole', doc, range: { least } });

/** A string that may be left out, which means something of its own. */
export const textOrNone = (doc: string): Setting<string | undefined> => ({
  ...{ type: 'text', doc, range: {}, needed: false },
});

/** `true` or `false`; false where it is left out. */
export const flag = (doc: string): Setting<boolean> => withDefault({ type: 'flag', doc, range: {} }, false);

/** A vector of any length, which must be given. */
export const numbers = (doc: string, range: Range): Setting<readonly number[]> =>
  needed({ type: 'numbers', doc, range });

/** A vector of any length that may be left out, which means something of its own. */
export const numbersOrNone = (doc: string, range: Range): Setting<readonly number[] | undefined> => ({
  ...{ type: 'numbers', doc, range, needed: false },
});

/** A vector of two numbers. */
export const pair = (
  doc: string,
  range: Range,
  otherwise: readonly [number, number],
): Setting<readonly [number, number]> => withDefault({ type: 'numbers', doc, range, length: 2 }, otherwise);

/** One of some words, as a string; the first where it is left out. */
export const word = <const C extends readonly string[]>(doc: string, choices: C): Setting<C[number]> =>
  withDefault({ type: 'word', doc, range: {}, choices }, choices[0]);

/** Names of the arguments of all forms of a table, each once. */
export const argumentNames = (forms: Forms): string[] => [
  ...new Set(Object.values(forms).flatMap(({ args }) => Object.keys(args))),
];

/** What is given, and defaults for the rest. */
export function withDefaults<A extends Form['args']>(args: A, given: Partial<Values<A>>): Values<A> {
  const defaults = Object.entries(args).map(([name, { otherwise }]) => [name, otherwise] as const);
  return { ...Object.fromEntries(defaults), ...given } as Values<A>;
}

export function inRange(n: number, { least, most, above, below }: Range): boolean {
  return (
    (least === undefined || n >= least) &&
    (most === undefined || n <= most) &&
    (above === undefined || n > above) &&
    (below === undefined || n < below)
  );
}

/** `at least 0 and less than 1`; empty where every number is allowed. */
export function rangeText({ least, most, above, below }: Range): string {
  if (least !== undefined && most !== undefined) return `between ${least} and ${most}`;
  const parts = [
    ...(least === undefined ? [] : [`at least ${least}`]),
    ...(above === undefined ? [] : [`more than ${above}`]),
    ...(most === undefined ? [] : [`at most ${most}`]),
    ...(below === undefined ? [] : [`less than ${below}`]),
  ];
  return parts.join(' and ');
}
