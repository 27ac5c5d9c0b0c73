import { InputError } from '../errors.ts';
import { IGNORED } from '../recipe/losses.ts';
import { readLabels } from './image.ts';
import { type LabelClass, type Labelling, MAX_LABEL_VALUE } from './labelling.ts';

/** Beyond so many values a map holds instances or grey levels rather than classes. */
const MAX_SUGGESTED = 32;

/**
 * Turns the values of a label map into class ids, −1 where the value is that of what is ignored.
 *
 * @param path of the map, for the message
 * @param maps paths of all label maps that go by this labelling, from which a list of classes that fits is worked out
 * @throws InputError `label-values`: names each wrong value, how many pixels hold it, and what to write in dataset.json
 */
export function classIds(
  path: string,
  values: Int32Array,
  labelling: Labelling,
  maps: readonly string[] = [path],
): Int32Array {
  const { classes, ignore } = labelling;
  const ids = new Map(classes.map(({ value }, id) => [value, id]));
  if (ignore !== undefined) ids.set(ignore, IGNORED);
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
    `${path}: holds ${countsText(wrong)}; the classes are ${classes.map(({ name, value }) => `${value} (${name})`).join(', ')}${ignore === undefined ? '' : `; ${ignore} is ignored`}`,
    labelsHint(labelling, maps),
  );
}

/** `"labels": {"background": 0, "nucleus": 255}`, to be pasted into dataset.json. */
function labelsText(classes: readonly LabelClass[], ignore: number | undefined): string {
  const ignored = ignore === undefined ? [] : [{ name: 'ignore', value: ignore }];
  const entries = [...classes, ...ignored].map(({ name, value }) => `${JSON.stringify(name)}: ${value}`);
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

function labelsHint({ classes, regions, ignore }: Labelling, maps: readonly string[]): string {
  const found = valuesIn(maps);
  if (ignore !== undefined) found.delete(ignore);
  // What a value without a region belongs to cannot be known.
  if (regions)
    return 'add these values to the regions in dataset.json that they lie in, or correct the label map';
  const fitting = classesFor(classes, found);
  const highest = Math.max(...found);
  if (ignore !== undefined && highest > ignore)
    return `give each class a value below that of ignore, ${ignore}, or ignore the highest of all`;
  if (!fitting) {
    return found.size > MAX_SUGGESTED
      ? `more than ${MAX_SUGGESTED} values: these are instances or grey levels; write one value a class`
      : `give each class a value from 0 to ${MAX_LABEL_VALUE} in the label maps and in dataset.json`;
  }
  const more =
    fitting.length > classes.length ? `, and --set classes=${fitting.length} where the spec has that` : '';
  return `in dataset.json: ${labelsText(fitting, ignore)}${more}`;
}

function countsText(wrong: ReadonlyMap<number, number>): string {
  const values = [...wrong].sort(([a], [b]) => a - b);
  const shown = values
    .slice(0, 5)
    .map(([value, count]) => `${value} in ${count} pixel${count === 1 ? '' : 's'}`);
  const more = values.length > 5 ? ` and ${values.length - 5} more values` : '';
  return `${shown.join(', ')}${more}`;
}
