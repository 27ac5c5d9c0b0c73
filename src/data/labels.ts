import { InputError } from '../errors.ts';
import { readLabels } from './image.ts';

/** A class: its name, and the value that stands for it in label maps. Its id is its place among the classes. */
export interface LabelClass {
  readonly name: string;
  readonly value: number;
}

/** Values that label maps of 8 bits hold. */
export const MAX_LABEL_VALUE = 255;

/** Beyond so many values a map holds instances or grey levels rather than classes. */
const MAX_SUGGESTED = 32;

/**
 * Turns the values of a label map into class ids.
 *
 * @param path of the map, for the message
 * @param maps paths of all label maps that go by these classes, from which a list of classes that fits is worked out
 * @throws InputError `label-values`: names each wrong value, how many pixels hold it, and what to write in dataset.json
 */
export function classIds(
  path: string,
  values: Int32Array,
  classes: readonly LabelClass[],
  maps: readonly string[] = [path],
): Int32Array {
  const ids = new Map(classes.map(({ value }, id) => [value, id]));
  const wrong = new Map<number, number>();
  const result = new Int32Array(values.length);
  // Neighbours mostly have the same value.
  let [last, lastId]: [number, number | undefined] = [values[0], ids.get(values[0])];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value !== last) [last, lastId] = [value, ids.get(value)];
    if (lastId === undefined) wrong.set(value, (wrong.get(value) ?? 0) + 1);
    else result[i] = lastId;
  }
  if (wrong.size === 0) return result;
  throw new InputError(
    'label-values',
    `${path}: holds ${countsText(wrong)}; the classes are ${classes.map(({ name, value }) => `${value} (${name})`).join(', ')}`,
    labelsHint(classes, maps),
  );
}

/** The values that stand for class ids in label maps; ids as they are where the classes are not known. */
export function labelValues(ids: Uint8Array, classes: readonly LabelClass[] | undefined): Uint8Array {
  if (classes === undefined || classes.every(({ value }, id) => value === id)) return ids;
  return ids.map((id) => classes[id].value);
}

/** `"labels": {"background": 0, "nucleus": 255}`, to be pasted into dataset.json. */
function labelsText(classes: readonly LabelClass[]): string {
  const entries = classes.map(({ name, value }) => `${JSON.stringify(name)}: ${value}`);
  return `"labels": {${entries.join(', ')}}`;
}

/**
 * The given classes with other values, so that they are those that label maps hold: names that no map uses take the
 * values without a name, in order, and what is left over gets a name made up. `undefined` where the values are no
 * classes.
 */
export function classesFor(
  classes: readonly LabelClass[],
  found: ReadonlySet<number>,
): LabelClass[] | undefined {
  if (found.size > MAX_SUGGESTED || Math.max(...found) > MAX_LABEL_VALUE) return undefined;
  const known = new Set(classes.map(({ value }) => value));
  const unnamed = [...found].filter((value) => !known.has(value)).sort((a, b) => a - b);
  const renamed = classes.map((c, id) =>
    id > 0 && !found.has(c.value) && unnamed.length > 0 ? { ...c, value: unnamed.shift()! } : c,
  );
  return [...renamed, ...unnamed.map((value) => ({ name: `label_${value}`, value }))];
}

/** The values that label maps hold, as far as the maps can be read; it stops once there are too many. */
export function valuesIn(maps: readonly string[]): Set<number> {
  const found = new Set<number>();
  for (const path of maps) {
    try {
      for (const value of readLabels(path).data) found.add(value);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
    if (found.size > MAX_SUGGESTED) break;
  }
  return found;
}

function labelsHint(classes: readonly LabelClass[], maps: readonly string[]): string {
  const found = valuesIn(maps);
  const fitting = classesFor(classes, found);
  if (!fitting) {
    return found.size > MAX_SUGGESTED
      ? `more than ${MAX_SUGGESTED} values: these are instances or grey levels; write one value a class`
      : `give each class a value from 0 to ${MAX_LABEL_VALUE} in the label maps and in dataset.json`;
  }
  const more =
    fitting.length > classes.length ? `, and --set classes=${fitting.length} where the spec has that` : '';
  return `in dataset.json: ${labelsText(fitting)}${more}`;
}

function countsText(wrong: ReadonlyMap<number, number>): string {
  const values = [...wrong].sort(([a], [b]) => a - b);
  const shown = values
    .slice(0, 5)
    .map(([value, count]) => `${value} in ${count} pixel${count === 1 ? '' : 's'}`);
  const more = values.length > 5 ? ` and ${values.length - 5} more values` : '';
  return `${shown.join(', ')}${more}`;
}
