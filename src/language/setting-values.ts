import { inRange, type Range, rangeText, type Setting } from '../recipe/setting.ts';
import type { Context } from './context.ts';
import { fitsF32, type Written } from './f32.ts';
import { describe, isInt, isNumber, show, toNumber, type Value } from './values.ts';

type Reports = Pick<Context, 'report' | 'building'>;
type Read = (c: Reports, what: string, value: Value, setting: Setting, written: Written) => unknown;

/** How the types of settings are read; each reports what is wrong and then returns `undefined`. */
const readers: Readonly<Record<Setting['type'], Read>> = {
  number: (c, what, value, { range }, written) => numberIn(c, what, value, range, written),
  whole: (c, what, value, { range }, written) => wholeIn(c, what, value, range, written),
  flag: (c, what, value, _, { span }) =>
    value.kind === 'bool' ? value.value : wrongType(c, what, value, 'true or false', span),
  numbers: readNumbers,
  text: (c, what, value, _, { span }) =>
    value.kind === 'string' ? value.value : wrongType(c, what, value, 'a string', span),
  word: (c, what, value, { choices = [] }, { span }) => {
    if (value.kind === 'string' && choices.includes(value.value)) return value.value;
    const expected = choices.map((choice) => JSON.stringify(choice)).join(' or ');
    return illegal(c, what, expected, describe(value), span);
  },
};

/** What a setting is given. `what` says which it is, for messages. */
export const readSetting = <T>(
  c: Reports,
  what: string,
  value: Value,
  setting: Setting<T>,
  written: Written,
): T | undefined =>
  value.kind === 'error' ? undefined : (readers[setting.type](c, what, value, setting, written) as T);

export function numberIn(
  c: Reports,
  what: string,
  value: Value,
  range: Range,
  written: Written,
): number | undefined {
  if (!isNumber(value)) return wrongType(c, what, value, 'a number', written.span);
  const n = toNumber(value);
  if (!inRange(n, range)) return illegal(c, what, rangeText(range), show(value), written.span);
  return !range.f32 || fitsF32(c, what, n, written) ? n : undefined;
}

export function wholeIn(
  c: Reports,
  what: string,
  value: Value,
  range: Range,
  written: Written,
): number | undefined {
  if (isInt(value)) return numberIn(c, what, value, range, written);
  if (!isNumber(value)) return wrongType(c, what, value, 'a whole number', written.span);
  c.report('not-an-integer', written.span, { what, found: show(value) });
  return undefined;
}

function readNumbers(
  c: Reports,
  what: string,
  value: Value,
  { range, length }: Setting,
  written: Written,
): readonly number[] | undefined {
  if (value.kind !== 'vector' || !value.items.every(isNumber))
    return wrongType(c, what, value, 'a vector of numbers', written.span);
  const numbers = value.items.map(toNumber);
  if (!numbers.every((n) => inRange(n, range)))
    return illegal(c, what, `${rangeText(range)} in each entry`, show(value), written.span);
  if (length !== undefined && numbers.length !== length) {
    c.report('wrong-length', written.span, { what, expected: length, found: numbers.length });
    return undefined;
  }
  const held = numbers.map((n) => !range.f32 || fitsF32(c, `an entry of ${what}`, n, written));
  return held.includes(false) ? undefined : numbers;
}

function wrongType(
  c: Reports,
  what: string,
  value: Value,
  expected: string,
  span: Written['span'],
): undefined {
  if (value.kind !== 'error') c.report('wrong-type', span, { what, expected, found: describe(value) });
  return undefined;
}

function illegal(
  c: Reports,
  what: string,
  expected: string,
  found: string,
  span: Written['span'],
): undefined {
  c.report('illegal-value', span, { what, expected, found });
  return undefined;
}
