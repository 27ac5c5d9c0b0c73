import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type Chosen,
  type Forms,
  inRange,
  rangeText,
  type Setting,
  takesNone,
  withDefaults,
} from '../recipe/setting.ts';
import { float32, integer, number } from './options.ts';

/** What the command line calls differently: `to` alone would say nothing there. */
const otherNames: Readonly<Record<string, string>> = { to: 'min-lr' };

const flagOf = (name: string): string => `--${otherNames[name] ?? name.replaceAll('_', '-')}`;

/**
 * Options that choose a form of a table and set its arguments: `--optimizer sgd --momentum 0.9`. Arguments of several
 * forms share an option; those that are true or false have none. `defaults` are the command's own.
 */
export function withFormOptions(
  command: Command,
  option: string,
  forms: Forms,
  chosen: string,
  defaults: Readonly<Record<string, number>> = {},
): Command {
  command.addOption(new Option(`--${option} <name>`).choices(Object.keys(forms)).default(chosen));
  for (const [name, { setting, of }] of settingsOf(forms)) {
    if (setting.type === 'flag') continue;
    const flag = flagOf(name);
    const own = new Option(`${flag} <value>`, `${setting.doc} (${of.join(', ')})`);
    command.addOption(own.argParser(parserOf(flag, setting)).default(defaults[name] ?? setting.otherwise));
  }
  return command;
}

/** The form that was chosen, with what the options say of its arguments. */
export function chosenForm<F extends Forms>(
  forms: F,
  kind: keyof F & string,
  options: object,
  flags: Readonly<Record<string, boolean>> = {},
): Chosen<F> {
  const { args } = forms[kind];
  const given = Object.keys(args).flatMap((name) => {
    const value = flags[name] ?? options[new Option(flagOf(name)).attributeName() as keyof typeof options];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { kind, ...withDefaults(args, Object.fromEntries(given)) } as Chosen<F>;
}

/** Each argument with the forms that take it. */
function settingsOf(forms: Forms): Map<string, { setting: Setting; of: string[] }> {
  const settings = new Map<string, { setting: Setting; of: string[] }>();
  for (const [kind, { args }] of Object.entries(forms)) {
    for (const [name, setting] of Object.entries(args)) {
      const known = settings.get(name);
      if (known) known.of.push(kind);
      else settings.set(name, { setting, of: [kind] });
    }
  }
  return settings;
}

function parserOf(flag: string, setting: Setting): (text: string) => unknown {
  const { type, range } = setting;
  const least = range.least ?? range.above ?? Number.NEGATIVE_INFINITY;
  if (type === 'whole') return integer(flag, least);
  if (type === 'numbers') return (text) => pairOf(flag, text, range);
  const read = (range.f32 ? float32 : number)(flag, least, range.most);
  return (text) => {
    const value = read(text);
    if (inRange(value, range)) return value;
    // What can be left out in a spec is left out by 0.
    if (value === 0 && takesNone(setting)) return undefined;
    throw new InvalidArgumentError(`${flag} must be ${rangeText(range)}`);
  };
}

function pairOf(flag: string, text: string, range: Setting['range']): readonly [number, number] {
  const parts = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (parts.length !== 2 || !parts.every((part) => inRange(part, range))) {
    throw new InvalidArgumentError(`${flag} takes two numbers, each ${rangeText(range)}, e.g. 0.9,0.99`);
  }
  return [parts[0], parts[1]];
}
