import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../errors.ts';
import { endingsIn, namesIn } from './case-files.ts';
import type { Json, Problem } from './dataset-json.ts';
import { type LabelClass, type Labelling, MAX_LABEL_VALUE } from './labelling.ts';
import { classesFor, valuesIn } from './labels.ts';
import { likelyOrder, ORDER, orderMistake } from './region-order.ts';

const BACKGROUND = 'background';
const IGNORE = 'ignore';

/** An entry of `labels`: one value of a class, several of a region. */
export interface LabelEntry {
  readonly name: string;
  readonly values: readonly number[];
}

/** What a dataset.json without {@link labelProblems} says of its labels. */
export function labelsOf(json: Json): Labelling {
  const entries = entriesOf(json['labels'] as Record<string, unknown>);
  const ignored = entries.find(({ name }) => name === IGNORE)?.values[0];
  const ignore = ignored === undefined ? {} : { ignore: ignored };
  const found = foregroundOf(entries);
  const values = [...new Set(found.flatMap((entry) => entry.values))].sort((a, b) => a - b);
  const nameOf = (value: number) =>
    found.find((entry) => entry.values.length === 1 && entry.values[0] === value)?.name ?? `label_${value}`;
  const background = entries.find(({ name }) => name === BACKGROUND)!.values[0];
  const classes: LabelClass[] = [
    { name: BACKGROUND, value: background },
    ...values.map((value) => ({ name: nameOf(value), value })),
  ];
  if (!areRegions(found)) return { classes, ...ignore };
  const order = json[ORDER] as readonly number[];
  const regions = found.map((entry, r) => ({ ...entry, painted: order[r] }));
  return { classes, regions, ...ignore };
}

/**
 * `labels` must map names to whole numbers, one of them `background`, or for regions to lists of such; `ignore` is the
 * highest. Unlike nnU-Net's they need not be without gaps: classes are numbered in the order of their values. Regions
 * need a `regions_class_order`.
 *
 * @throws InputError `bad-dataset` where it cannot be said what is meant, as for values that a label map of 8 bits cannot
 *   hold
 */
export function labelProblems(folder: string, json: Json): Problem[] {
  const path = join(folder, 'dataset.json');
  const labels = json['labels'];
  const fixed = (text: string, entries: readonly LabelEntry[]): Problem[] => [
    { text, key: 'labels', value: asJson(entries) },
  ];
  const shown = JSON.stringify(labels);
  if (Array.isArray(labels) && labels.length > 1 && labels.every((name) => typeof name === 'string')) {
    const listed = labels.map((name, value) => ({ name, values: [value] }));
    return fixed(`labels is a list, not an object of names and values; found ${shown}`, named(listed));
  }
  if (!isObject(labels)) return fixed('labels is missing or not an object', fromMaps(folder));
  if (isFlipped(labels)) {
    const entries = Object.entries(labels).map(([value, name]) => ({
      name: String(name),
      values: [Number(value)],
    }));
    return fixed(`labels maps values to names, not names to values; found ${shown}`, named(entries));
  }
  checkValues(path, labels);
  const { entries, texts } = corrected(folder, entriesOf(labels), shown);
  const problems = texts.length === 0 ? [] : fixed(texts.join('\n  '), entries);
  const found = foregroundOf(entries);
  if (areRegions(found)) {
    const wrong = orderMistake(json[ORDER], found);
    return wrong ? [...problems, { text: wrong, key: ORDER, value: likelyOrder(found) }] : problems;
  }
  if (json[ORDER] === undefined || json[ORDER] === null) return problems;
  throw bad(
    `${path}: ${ORDER} is there, but no label is a region`,
    `remove ${ORDER}, or give regions as lists of values, for example "whole": [1, 2]`,
  );
}

/** All that is wrong with the values themselves, and names that mean the same. */
function checkValues(path: string, labels: Readonly<Record<string, unknown>>): void {
  const isOne = (value: unknown) =>
    Array.isArray(value) ? value.length > 0 && value.every(isLabelValue) : isLabelValue(value);
  const wrong = Object.entries(labels).filter(([, value]) => !isOne(value));
  if (wrong.length > 0) {
    const told = wrong.map(([name, value]) => `the label ${name} is ${JSON.stringify(value)}`);
    throw bad(
      `${path}: ${told.join(', ')}; label values are whole numbers from 0 to ${MAX_LABEL_VALUE}, those of a region a list of them`,
      'write for example "labels": {"background": 0, "interior": 1}',
    );
  }
  const entries = entriesOf(labels);
  const same = (a: LabelEntry, b: LabelEntry) => sorted(a.values).join() === sorted(b.values).join();
  const twice = entries.find((a, i) => entries.some((b, j) => j < i && same(a, b)));
  if (!twice) return;
  const names = entries.filter((entry) => same(entry, twice)).map(({ name }) => name);
  const what = twice.values.length === 1 ? 'the value' : 'the values';
  throw bad(
    `${path}: labels gives ${what} ${sorted(twice.values).join(', ')} to ${names.join(' and ')}`,
    'give each class a value of its own, or leave one of the names out',
  );
}

/** The entries as they should be, and what was wrong with them. */
function corrected(folder: string, given: readonly LabelEntry[], shown: string) {
  const texts: string[] = [];
  const told = (text: string, entry: LabelEntry) => {
    texts.push(text);
    return entry;
  };
  let entries = given.map((entry) => {
    const { name, values } = entry;
    const unique = [...new Set(values)];
    if (unique.length < values.length)
      return told(`the label ${name} names a value twice, ${JSON.stringify(values)}`, {
        name,
        values: unique,
      });
    return entry;
  });
  entries = entries.map((entry) => {
    const { name, values } = entry;
    if ((name === BACKGROUND || name === IGNORE) && values.length > 1)
      return told(`the label ${name} is a list; it is one value`, { name, values: values.slice(0, 1) });
    if (name === IGNORE || name.toLowerCase() !== IGNORE) return entry;
    return told(`the label ${name} is meant to be ignored, but that one is called "${IGNORE}"`, {
      name: IGNORE,
      values,
    });
  });
  const background = entries.find(({ name }) => name === BACKGROUND)?.values[0];
  const inside = (value: number, { name, values }: LabelEntry) =>
    values.length > 1 && name !== BACKGROUND && values.includes(value);
  entries = entries.map((entry) => {
    if (background === undefined || !inside(background, entry)) return entry;
    const values = entry.values.filter((value) => value !== background);
    return told(`the region ${entry.name} holds ${background}, the background`, { name: entry.name, values });
  });
  entries = withHighestIgnored(folder, entries, texts);
  if (background === undefined) {
    texts.push(`labels has no class named "${BACKGROUND}"; found ${shown}`);
    const right = named(entries);
    return { texts, entries: foregroundOf(right).length === 0 ? fromMaps(folder, right) : right };
  }
  if (foregroundOf(entries).length > 0) return { texts, entries };
  texts.push(`labels has no class but background; found ${shown}`);
  return { texts, entries: fromMaps(folder, entries) };
}

/** nnU-Net asks for `ignore` to be the highest value. */
function withHighestIgnored(folder: string, entries: LabelEntry[], texts: string[]): LabelEntry[] {
  const ignored = entries.find(({ name }) => name === IGNORE);
  if (!ignored) return entries;
  const others = entries.filter((entry) => entry !== ignored).flatMap(({ values }) => values);
  const highest = Math.max(0, ...others);
  if (ignored.values[0] > highest) return entries;
  const text = `the label ${IGNORE} is ${ignored.values[0]}, but must be higher than all others, of which the highest is ${highest}; in the label maps, too`;
  if (highest >= MAX_LABEL_VALUE)
    throw bad(
      `${join(folder, 'dataset.json')}: ${text}`,
      `give the classes values below ${MAX_LABEL_VALUE}, in the label maps and in dataset.json`,
    );
  texts.push(text);
  return entries.map((entry) => (entry === ignored ? { name: IGNORE, values: [highest + 1] } : entry));
}

/** What networks find: neither the background nor what is ignored. */
const foregroundOf = (entries: readonly LabelEntry[]) =>
  entries.filter(({ name }) => name !== BACKGROUND && name !== IGNORE);

/** As nnU-Net has it, a list of one value is a class like others. */
const areRegions = (entries: readonly LabelEntry[]) => entries.some(({ values }) => values.length > 1);

const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);

function entriesOf(labels: Readonly<Record<string, unknown>>): LabelEntry[] {
  return Object.entries(labels).map(([name, value]) => ({
    name,
    values: (Array.isArray(value) ? value : [value]).map(Number),
  }));
}

const asJson = (entries: readonly LabelEntry[]) =>
  Object.fromEntries(entries.map(({ name, values }) => [name, values.length === 1 ? values[0] : values]));

/** Background under its right name, and first: the class that is called so in capitals, else the one of the value 0. */
function named(entries: readonly LabelEntry[]): LabelEntry[] {
  const background = entries.find(({ name }) => name === BACKGROUND) ??
    entries.find(({ name }) => name.trim().toLowerCase() === BACKGROUND) ??
    entries.find(({ values }) => values.join() === '0') ?? { values: [0] };
  const others = entries.filter((entry) => entry !== background);
  if (!areRegions(others)) others.sort((a, b) => a.values[0] - b.values[0]);
  return [{ name: BACKGROUND, values: background.values }, ...others];
}

/** Classes for the values that the label maps hold, but for what is ignored. */
function fromMaps(
  folder: string,
  known: readonly LabelEntry[] = [{ name: BACKGROUND, values: [0] }],
): LabelEntry[] {
  const maps = join(folder, 'labelsTr');
  const [ending] = existsSync(maps) ? endingsIn(maps) : [];
  const paths = ending === undefined ? [] : namesIn(maps, ending).map((name) => join(maps, name));
  const found = valuesIn(paths);
  const ignored = known.filter(({ name }) => name === IGNORE);
  for (const { values } of ignored) found.delete(values[0]);
  const own = known
    .filter((entry) => !ignored.includes(entry))
    .map(({ name, values }) => ({ name, value: values[0] }));
  const classes = found.size === 0 ? undefined : classesFor(own, found);
  const right = classes && classes.length > 1 ? classes : [...own, { name: 'interior', value: 1 }];
  return [...right.map(({ name, value }) => ({ name, values: [value] })), ...ignored];
}

/** `{"0": "background", "1": "nucleus"}`, the Decathlon's way. */
function isFlipped(labels: Readonly<Record<string, unknown>>): boolean {
  const entries = Object.entries(labels);
  return (
    entries.length > 0 &&
    entries.every(([key, value]) => isLabelValue(key) && typeof value === 'string' && !isLabelValue(value))
  );
}

/** nnU-Net takes numbers in quotes, too. */
function isLabelValue(value: unknown): boolean {
  const number = typeof value === 'string' && /^\s*\d+\s*$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= MAX_LABEL_VALUE;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const bad = (message: string, hint: string) => new InputError('bad-dataset', message, hint);
