import { InputError } from '../errors.ts';
import { IGNORED, MOST_REGIONS } from '../recipe/losses.ts';

/** Classes of the data that an output takes for one thing. */
export interface ClassGroup {
  readonly name: string;
  /** Their ids. */
  readonly classes: readonly number[];
}

/** What an output of a network is compared with, made of the class ids that label maps hold. Fit for threads. */
export interface Target {
  /** Of the output's channels, in order. */
  readonly names: readonly string[];
  /** Whether each channel is a region, with a sigmoid; else all are classes, one of which is right. */
  readonly regions: boolean;
  /** By class id: the channel that is right, or the set of regions that the class lies in, a bit each; −1: ignored. */
  readonly values: Int32Array;
}

/** Whether some class is in several groups, so that these can only be regions. */
export const overlapping = (groups: readonly ClassGroup[]): boolean => {
  const ids = groups.flatMap(({ classes }) => [...new Set(classes)]);
  return new Set(ids).size < ids.length;
};

/**
 * The target of an output with a channel for each group. A class that is in no group is ignored where groups are classes,
 * and lies in no region where they are regions.
 *
 * @param classes how many classes the data have
 * @param regions whether groups are regions though they do not overlap
 * @throws InputError `too-many-regions`
 */
export function targetOf(
  groups: readonly ClassGroup[],
  classes: number,
  regions: boolean = overlapping(groups),
): Target {
  if (regions && groups.length > MOST_REGIONS) {
    throw new InputError(
      'too-many-regions',
      `there are ${groups.length} regions; a target has a bit for each, ${MOST_REGIONS} at most`,
      'leave out regions that are made of others',
    );
  }
  if (!regions && overlapping(groups)) throw new RangeError('groups that overlap are no classes');
  const values = new Int32Array(classes).fill(regions ? 0 : IGNORED);
  for (const [channel, group] of groups.entries()) {
    for (const id of group.classes) {
      if (!(id >= 0 && id < classes)) throw new RangeError(`${group.name} names class ${id} of ${classes}`);
      values[id] = regions ? values[id] | (1 << channel) : channel;
    }
  }
  return { names: groups.map(({ name }) => name), regions, values };
}

/** Targets by the input of a training step that takes their labels; `target` is one of them. */
export type Targets = Readonly<Record<string, Target>>;

/** Labels by input; what is not of `target` is apart, so that most batches have `target` alone. */
export interface Labels {
  readonly target: Int32Array;
  /** Absent where no output has another target. */
  readonly others?: Readonly<Record<string, Int32Array>>;
}

/** What targets make of class ids. */
export function labelsOf({ target, ...others }: Targets, ids: ArrayLike<number>): Labels {
  const more = Object.entries(others).map(([name, of]) => [name, targetValues(of, ids)] as const);
  const made = { target: targetValues(target, ids) };
  return more.length === 0 ? made : { ...made, others: Object.fromEntries(more) };
}

/** What a target makes of class ids; every negative one is ignored, and becomes −1. Writes to `out`. */
export function targetValues(
  { values }: Pick<Target, 'values'>,
  ids: ArrayLike<number>,
  out: Int32Array = new Int32Array(ids.length),
): Int32Array {
  for (let i = 0; i < ids.length; i++) out[i] = ids[i] < 0 ? IGNORED : values[ids[i]];
  return out;
}
