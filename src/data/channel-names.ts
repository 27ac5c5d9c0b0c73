import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../errors.ts';
import { endingsIn, namesIn } from './case-files.ts';
import type { Json, Problem } from './dataset-json.ts';
import { readImage } from './image.ts';

/** The names of the channels of a dataset.json without {@link channelProblem}. */
export function channelsOf(json: Json): string[] {
  const names = json['channel_names'] as Record<string, string>;
  return Object.keys(names).map((_, index) => names[String(index)]);
}

/** `channel_names` must map "0", "1", … to names. */
export function channelProblem(folder: string, json: Json): Problem | undefined {
  const found = json['channel_names'];
  const key = 'channel_names';
  if (found === undefined) {
    const modality = namesOf(json['modality']);
    const value = numbered(modality ?? guessed(folder));
    const old = modality ? ', and "modality" is its older name' : '';
    return { text: `channel_names is missing${old}`, key, value };
  }
  if (isObject(found)) {
    const values = Object.keys(found).map((_, index) => found[String(index)]);
    if (values.length > 0 && values.every((name) => typeof name === 'string')) return undefined;
  }
  const value = numbered(namesOf(found) ?? guessed(folder));
  return { text: `channel_names must map "0", "1", … to names; found ${JSON.stringify(found)}`, key, value };
}

/** The names that are meant: of a list, one text, or an object whichever way round. */
function namesOf(value: unknown): string[] | undefined {
  const texts = (list: readonly unknown[]) =>
    list.length > 0 && list.every((name) => typeof name === 'string') ? [...(list as string[])] : undefined;
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return texts(value);
  if (!isObject(value)) return undefined;
  const number = (text: unknown) => Number.isInteger(Number(text)) && String(text).trim() !== '';
  const entries = Object.entries(value);
  if (entries.every(([name]) => number(name))) {
    return texts(entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, name]) => name));
  }
  if (!entries.every(([, index]) => number(index))) return undefined;
  return texts(entries.sort(([, a], [, b]) => Number(a) - Number(b)).map(([name]) => name));
}

/** Names for as many channels as the first image has. */
function guessed(folder: string): string[] {
  const images = join(folder, 'imagesTr');
  const [ending] = existsSync(images) ? endingsIn(images) : [];
  const [first] = ending === undefined ? [] : namesIn(images, ending);
  if (ending === undefined || first === undefined) return ['image'];
  const id = first.slice(0, -ending.length).replace(/_\d{4}$/, '');
  const files = namesIn(images, ending).filter((name) => name.startsWith(`${id}_`)).length;
  let channels = 1;
  try {
    channels = Math.max(1, files) * readImage(join(images, first)).channels;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
  if (channels === 3) return ['R', 'G', 'B'];
  return channels === 1 ? ['image'] : Array.from({ length: channels }, (_, c) => `channel ${c}`);
}

const numbered = (names: readonly string[]) => Object.fromEntries(names.map((name, c) => [String(c), name]));

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
