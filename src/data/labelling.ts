import { type ClassGroup, type Target, targetOf } from './target.ts';

/** A class: its name, and the value that stands for it in label maps. Its id is its place among the classes. */
export interface LabelClass {
  readonly name: string;
  readonly value: number;
}

/** Label values that are one thing together, as a tumour with all that is in it. Regions may lie in one another. */
export interface LabelRegion {
  readonly name: string;
  readonly values: readonly number[];
  /** The value that predictions have where the region is on, unless a later region is on, too. */
  readonly painted: number;
}

/** What the values of a data set's label maps stand for; fit for JSON. */
export interface Labelling {
  /** In the order of their ids: background first, then by value. */
  readonly classes: readonly LabelClass[];
  /** What networks find, in the order of their channels, in which they are painted, too; absent where it is the classes. */
  readonly regions?: readonly LabelRegion[];
  /** The value of voxels of which nothing is known: in memory they have the id −1. */
  readonly ignore?: number;
}

/** Values that label maps of 8 bits hold. */
export const MAX_LABEL_VALUE = 255;

/** Whether a value is a labelling, all of whose parts belong together. */
export function isLabelling(value: unknown): value is Labelling {
  const isValue = (v: unknown) =>
    Number.isSafeInteger(v) && (v as number) >= 0 && (v as number) <= MAX_LABEL_VALUE;
  const isList = <T>(list: unknown, test: (one: T) => boolean): list is T[] =>
    Array.isArray(list) &&
    list.every((one: unknown) => typeof one === 'object' && one !== null && test(one as T));
  const { classes, regions, ignore } = value as Partial<Labelling>;
  if (!isList<LabelClass>(classes, (c) => typeof c.name === 'string' && isValue(c.value))) return false;
  const known = new Set(classes.slice(1).map((c) => c.value));
  const isRegion = ({ name, values, painted }: LabelRegion) =>
    typeof name === 'string' && Array.isArray(values) && [...values, painted].every((v) => known.has(v));
  return (
    (regions === undefined || (isList(regions, isRegion) && regions.length > 0)) &&
    (ignore === undefined || (isValue(ignore) && classes.every((c) => c.value !== ignore)))
  );
}

/** What of a data set, a plan or weights is the labelling. */
export function labellingOf({ classes, regions, ignore }: Labelling): Labelling {
  return { classes, ...(regions && { regions }), ...(ignore !== undefined && { ignore }) };
}

/** What is found and scored, by the ids of the classes in it: the regions, or each class but the background. */
export function foregroundGroups({ classes, regions }: Labelling): ClassGroup[] {
  if (!regions) return classes.map(({ name }, id) => ({ name, classes: [id] })).slice(1);
  const ids = new Map(classes.map(({ value }, id) => [value, id]));
  return regions.map(({ name, values }) => ({ name, classes: values.map((value) => ids.get(value)!) }));
}

/**
 * What an output that predicts is compared with: a channel for each class, or for each region and none for the background.
 *
 * @throws InputError `too-many-regions`
 */
export function targetOfLabels(labelling: Labelling): Target {
  const { classes, regions } = labelling;
  const background = { name: classes[0].name, classes: [0] };
  const found = foregroundGroups(labelling);
  return targetOf(regions ? found : [background, ...found], classes.length, regions !== undefined);
}

/** By region the id of the class that is painted where it is on; `undefined` where the classes themselves are found. */
export function paintedIds({ classes, regions }: Labelling): number[] | undefined {
  return regions?.map(({ painted }) => classes.findIndex(({ value }) => value === painted));
}

/** The values that stand for class ids in label maps; ids as they are where the classes are not known. */
export function labelValues(ids: Uint8Array, classes: readonly LabelClass[] | undefined): Uint8Array {
  if (classes === undefined || classes.every(({ value }, id) => value === id)) return ids;
  return ids.map((id) => classes[id].value);
}

/** `3 classes` or `3 regions`. */
export function countText({ classes, regions }: Labelling): string {
  return regions ? `${regions.length} regions` : `${classes.length} classes`;
}

/** All that a labelling says, in a line: `0 background, 1 disc`, `edema (1, 2 → 1), core (2 → 2); ignored: 3`. */
export function labellingText({ classes, regions, ignore }: Labelling): string {
  const shown = regions
    ? regions.map(({ name, values, painted }) => `${name} (${values.join(', ')} → ${painted})`)
    : classes.map(({ name, value }) => `${value} ${name}`);
  return `${shown.join(', ')}${ignore === undefined ? '' : `; ignored: ${ignore}`}`;
}

/**
 * Where a prediction that is right in each region is painted as another: the order paints something over, or regions
 * that overlap in part have no value that says so. In words.
 */
export function paintingRemarks(labelling: Labelling): string[] {
  const { classes, regions } = labelling;
  const painted = paintedIds(labelling);
  if (!regions || !painted) return [];
  const { names, values } = targetOfLabels(labelling);
  const has = (bits: number, region: number) => ((bits >> region) & 1) === 1;
  const namesOf = (bits: number) => names.filter((_, r) => has(bits, r)).join(', ');
  return classes.slice(1).flatMap(({ value }, i) => {
    const bits = values[i + 1];
    const shown = painted[regions.findLastIndex((_, r) => has(bits, r))];
    if (values[shown] === bits) return [];
    return [
      `regions_class_order paints what lies in ${namesOf(bits)}, value ${value}, as ${classes[shown].value}, which lies in ${namesOf(values[shown])}: predictions will show that`,
    ];
  });
}

/** What label maps of predictions of an output hold: where it has a target of its own, not what those of the data do. */
export const labellingOfOutput = (
  { heads, ...data }: Labelling & { readonly heads?: Readonly<Record<string, Labelling>> },
  output: string,
): Labelling => (heads && Object.hasOwn(heads, output) ? heads[output] : labellingOf(data));
