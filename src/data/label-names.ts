import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../errors.ts';
import { endingsIn, namesIn } from './case-files.ts';
import type { Json, Problem } from './dataset-json.ts';
import { classesFor, type LabelClass, MAX_LABEL_VALUE, valuesIn } from './labels.ts';

const BACKGROUND = 'background';

/** The classes of a dataset.json without {@link labelProblem}: background first, then by value. */
export function labelsOf(json: Json): LabelClass[] {
  return ordered(json['labels'] as Record<string, unknown>);
}

/**
 * `labels` must map names to whole numbers, one of them `background`. Unlike nnU-Net's they need not be without gaps:
 * the classes are numbered in the order of their values.
 *
 * @throws InputError `bad-dataset` for regions and an ignore label, which are not supported, and for values that a
 *   label map of 8 bits cannot hold
 */
export function labelProblem(folder: string, json: Json): Problem | undefined {
  const path = join(folder, 'dataset.json');
  const labels = json['labels'];
  const fixed = (text: string, classes: readonly LabelClass[]): Problem => ({
    text,
    key: 'labels',
    value: Object.fromEntries(classes.map(({ name, value }) => [name, value])),
  });
  const shown = JSON.stringify(labels);
  if (Array.isArray(labels) && labels.length > 1 && labels.every((name) => typeof name === 'string')) {
    const listed = labels.map((name, value) => ({ name, value }));
    return fixed(`labels is a list, not an object of names and values; found ${shown}`, named(listed));
  }
  if (!isObject(labels)) return fixed('labels is missing or not an object', fromMaps(folder));
  const values = Object.values(labels);
  if ('regions_class_order' in json || values.some(Array.isArray)) {
    throw bad(`${path}: region-based labels are not supported`, 'give each class one value');
  }
  if (isFlipped(labels)) {
    const classes = Object.entries(labels).map(([value, name]) => ({
      name: String(name),
      value: Number(value),
    }));
    return fixed(`labels maps values to names, not names to values; found ${shown}`, named(classes));
  }
  if (Object.keys(labels).some((name) => name.toLowerCase() === 'ignore')) {
    throw bad(`${path}: an ignore label is not supported`, 'annotate the images fully');
  }
  const wrong = Object.entries(labels).find(([, value]) => !isLabelValue(value));
  if (wrong) {
    throw bad(
      `${path}: the label ${wrong[0]} is ${JSON.stringify(wrong[1])}; label values are whole numbers from 0 to ${MAX_LABEL_VALUE}`,
      'write for example "labels": {"background": 0, "interior": 1}',
    );
  }
  const classes = ordered(labels);
  const twice = classes.find((c, i) => classes.some((d, j) => j < i && d.value === c.value));
  if (twice) {
    const names = classes.filter((c) => c.value === twice.value).map((c) => c.name);
    throw bad(
      `${path}: labels gives the value ${twice.value} to ${names.join(' and ')}`,
      'give each class a value of its own',
    );
  }
  if (!(BACKGROUND in labels)) {
    const right = named(classes);
    return fixed(
      `labels has no class named "background"; found ${shown}`,
      right.length < 2 ? fromMaps(folder, right) : right,
    );
  }
  if (classes.length < 2) {
    return fixed(`labels has no class but background; found ${shown}`, fromMaps(folder, classes));
  }
  return undefined;
}

/** Background under its right name: the class that is called so in capitals, else the one of the value 0. */
function named(classes: readonly LabelClass[]): LabelClass[] {
  const background = classes.find(({ name }) => name === BACKGROUND) ??
    classes.find(({ name }) => name.trim().toLowerCase() === BACKGROUND) ??
    classes.find(({ value }) => value === 0) ?? { name: BACKGROUND, value: 0 };
  const others = classes.filter((c) => c !== background).sort((a, b) => a.value - b.value);
  return [{ name: BACKGROUND, value: background.value }, ...others];
}

function ordered(labels: Readonly<Record<string, unknown>>): LabelClass[] {
  const classes = Object.entries(labels).map(([name, value]) => ({ name, value: Number(value) }));
  const first = (c: LabelClass) => (c.name === BACKGROUND ? 0 : 1);
  return classes.sort((a, b) => first(a) - first(b) || a.value - b.value);
}

/** Classes for the values that the label maps hold. */
function fromMaps(
  folder: string,
  known: readonly LabelClass[] = [{ name: BACKGROUND, value: 0 }],
): LabelClass[] {
  const maps = join(folder, 'labelsTr');
  const [ending] = existsSync(maps) ? endingsIn(maps) : [];
  const paths = ending === undefined ? [] : namesIn(maps, ending).map((name) => join(maps, name));
  const found = valuesIn(paths);
  const classes = found.size === 0 ? undefined : classesFor(known, found);
  return classes && classes.length > 1 ? classes : [...known, { name: 'interior', value: 1 }];
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
