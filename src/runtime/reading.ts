import { RuntimeError } from './runtime-error.ts';

/** Turns a part of a parsed JSON document into what it must be. Throws {@link Mismatch}. */
export type Read<T> = (value: unknown) => T;

/** A part of a document that is not what it must be. */
class Mismatch extends Error {
  readonly expected: string;
  readonly found: unknown;
  /** Keys down to the part, outermost first. */
  readonly path: (string | number)[] = [];

  constructor(expected: string, found: unknown) {
    super(`expected ${expected}`);
    this.expected = expected;
    this.found = found;
  }
}

/** A property that may be absent. */
export interface Optional<T> {
  readonly optional: Read<T>;
}

export const optional = <T>(read: Read<T>): Optional<T> => ({ optional: read });

export const text =
  (pattern?: RegExp): Read<string> =>
  (value) => {
    if (typeof value === 'string' && (pattern?.test(value) ?? true)) return value;
    throw new Mismatch(pattern ? `a text like ${pattern.source}` : 'a text', value);
  };

export const flag: Read<boolean> = (value) => {
  if (typeof value === 'boolean') return value;
  throw new Mismatch('true or false', value);
};

export const number =
  (allowed: (n: number) => boolean = () => true, what = 'a number'): Read<number> =>
  (value) => {
    if (typeof value === 'number' && Number.isFinite(value) && allowed(value)) return value;
    throw new Mismatch(what, value);
  };

/** A whole number that a double holds exactly. */
export const whole = (least = 0, most = Number.MAX_SAFE_INTEGER): Read<number> =>
  number(
    (n) => Number.isSafeInteger(n) && n >= least && n <= most,
    `a whole number from ${least}${most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : ''}`,
  );

export const oneOf =
  <const T extends string>(...words: readonly T[]): Read<T> =>
  (value) => {
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    throw new Mismatch(`one of ${words.join(', ')}`, value);
  };

export const list =
  <T>(read: Read<T>, least = 0): Read<readonly T[]> =>
  (value) => {
    if (!Array.isArray(value) || value.length < least) {
      throw new Mismatch(least > 0 ? `a list of at least ${least}` : 'a list', value);
    }
    return value.map((item, i) => within(i, () => read(item)));
  };

/** A list of so many. */
export const several =
  <T>(read: Read<T>, length: number): Read<readonly T[]> =>
  (value) => {
    if (Array.isArray(value) && value.length === length) return list(read)(value);
    throw new Mismatch(`a list of ${length}`, value);
  };

export const triple = <T>(read: Read<T>) => several(read, 3) as Read<readonly [T, T, T]>;
export const pair = <T>(read: Read<T>) => several(read, 2) as Read<readonly [T, T]>;

/** An object of any names that fit the pattern. */
export const record =
  <T>(names: RegExp, read: Read<T>): Read<Readonly<Record<string, T>>> =>
  (value) => {
    const entries = Object.entries(objectOf(value));
    return Object.fromEntries(
      entries.map(([name, item]) => {
        if (!names.test(name)) throw new Mismatch(`names like ${names.source}`, name);
        return [name, within(name, () => read(item))];
      }),
    );
  };

/** An object of these properties and no others: what is not known is not passed over. */
export const object =
  <T extends object>(fields: { readonly [K in keyof T]-?: Read<T[K]> | Optional<T[K]> }): Read<T> =>
  (value) => {
    const found = objectOf(value);
    const unknown = Object.keys(found).find((name) => !Object.hasOwn(fields, name));
    if (unknown !== undefined) throw new Mismatch(`no \`${clipped(unknown)}\``, found);
    const entries = Object.entries<Read<unknown> | Optional<unknown>>(fields).flatMap(([name, read]) => {
      const there = Object.hasOwn(found, name);
      if (typeof read !== 'function') {
        return there ? [[name, within(name, () => read.optional(found[name]))]] : [];
      }
      return [[name, within(name, () => read(there ? found[name] : undefined))]];
    });
    return Object.fromEntries(entries) as T;
  };

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new Mismatch('an object', value);
}

function within<T>(key: string | number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Mismatch) error.path.unshift(key);
    throw error;
  }
}

/**
 * Reads a document.
 *
 * @param source its name, for messages
 * @throws RuntimeError `program-format` that names the place and what is wrong there
 */
export function readDocument<T>(source: string, document: unknown, read: Read<T>): T {
  try {
    return read(document);
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    const path = error.path
      .map((key) => (typeof key === 'number' ? `[${key}]` : `.${clipped(key)}`))
      .join('');
    throw new RuntimeError(
      'program-format',
      `${source}${path ? `: ${path.replace(/^\./, '')}` : ''} is ${shown(error.found)}, expected ${error.expected}`,
    );
  }
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return clipped(JSON.stringify(value));
}

const clipped = (words: string) => (words.length > 60 ? `${words.slice(0, 60)}…` : words);
