import { type Command, InvalidArgumentError, Option } from 'commander';
import { SMALLEST_NORMAL } from '../language/f32.ts';
import type { RawOverrides } from '../language/model-parameters.ts';
import { pow } from '../math.ts';

/** What `--set` collects: raw text by parameter, or all texts where there are several; checked against the model later. */
export type Overrides = RawOverrides;

export interface ModelOptions {
  readonly set: Overrides;
  readonly json?: boolean;
  /** Warnings end the command. */
  readonly deny?: 'warnings';
}

/** `--set k=v`, repeatable, `--deny warnings` and `--json`. */
export function withModelOptions(command: Command): Command {
  return command
    .option('--set <key=value>', 'set a parameter of the model, e.g. depths=<2,2,2,2>', collectSet, {})
    .addOption(new Option('--deny <what>', 'take warnings about the spec as mistakes').choices(['warnings']))
    .option('--json', 'print one JSON document on stdout');
}

function collectSet(text: string, before: Overrides): Overrides {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError(`'${text}' is not key=value, e.g. depths=<2,2,2,2>`);
  const key = text.slice(0, at).trim();
  const value = text.slice(at + 1).trim();
  const earlier = Object.hasOwn(before, key) ? [before[key]].flat() : [];
  return { ...before, [key]: earlier.length > 0 ? [...earlier, value] : value };
}

/** A finite number within a range. */
export function number(name: string, least: number, most = Number.POSITIVE_INFINITY) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < least || value > most) {
      throw new InvalidArgumentError(
        `${name} must be a number from ${least}${most < 1e300 ? ` to ${most}` : ' up'}`,
      );
    }
    return value;
  };
}

/** A number within a range that becomes a 32-bit float on the device: 0, or of a size that these hold. */
export function float32(name: string, least: number, most = Number.POSITIVE_INFINITY) {
  const within = number(name, least, most);
  return (text: string): number => {
    const value = within(text);
    const size = Math.abs(Math.fround(value));
    if (value === 0 || (size >= SMALLEST_NORMAL && size < Number.POSITIVE_INFINITY)) return value;
    throw new InvalidArgumentError(`${name} must be a 32-bit float: 0, or of a size from 1.2e-38 to 3.4e38`);
  };
}

/** A whole number from `least` up. */
export function integer(name: string, least: number, most = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least || value > most) {
      const range = most < Number.MAX_SAFE_INTEGER ? `to ${most}` : 'up';
      throw new InvalidArgumentError(`${name} must be a whole number from ${least} ${range}`);
    }
    return value;
  };
}

const multiples = new Map(['k', 'm', 'g', 't'].map((letter, i) => [letter, i + 1]));

/** A size in bytes: `800MiB`, `1.5GB`, or a plain number. `Mi` counts in 1024s, `M` in 1000s. */
export function bytes(name: string) {
  return (text: string): number => {
    const [, digits, letter = '', binary] = /^(\d+(?:\.\d+)?) ?(?:([kmgt])(i)?)?b?$/i.exec(text.trim()) ?? [];
    const value = Number(digits) * pow(binary ? 1024 : 1000, multiples.get(letter.toLowerCase()) ?? 0);
    if (!Number.isFinite(value) || value < 1) {
      throw new InvalidArgumentError(
        `${name} must be a number of bytes, such as 2GiB, 800MiB, 1.5GB or 1000000`,
      );
    }
    return Math.floor(value);
  };
}
