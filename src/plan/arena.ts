import { OFFSET_ALIGNMENT, roundUp } from '../ir/packing.ts';

/** When a value needs memory, and how much. */
export interface Lifetime {
  /** In bytes. */
  readonly size: number;
  readonly entry: number;
  /** First and last unit of its entry that the value must be there for. */
  readonly from: number;
  readonly to: number;
  /** An output: it also stays while other entries run. */
  readonly kept: boolean;
}

export interface Slot {
  readonly arena: number;
  readonly offset: number;
}

export interface Arenas {
  /** Of each arena, in bytes. */
  readonly sizes: readonly number[];
  /** In the order of the values. */
  readonly slots: readonly Slot[];
}

/** Whether two values need memory at once. Entries run one after the other. */
export function together(a: Lifetime, b: Lifetime): boolean {
  return a.entry === b.entry ? a.from <= b.to && b.from <= a.to : a.kept || b.kept;
}

/**
 * Lays values out in as few bytes as it can: values that are never alive at the same time may share theirs. The problem
 * is NP-hard; each value goes into the smallest gap that suits it (Pisarchyk and Lee 2020, arXiv 2001.03288, greedy by
 * size and by breadth), and the best of a few orders is taken.
 *
 * @param most bytes of one arena, which only a value that is larger exceeds
 */
export function layOut(values: readonly Lifetime[], most: number): Arenas {
  const bySize = (a: number, b: number) => values[b].size - values[a].size || a - b;
  const all = values.map((_, i) => i);
  const orders = [
    [...all].sort(bySize),
    byBreadth(values, bySize),
    [...all].sort((a, b) => length(values[b]) - length(values[a]) || bySize(a, b)),
  ];
  let best: Arenas | undefined;
  for (const order of orders) {
    const found = place(values, order, most);
    if (!best || total(found) < total(best)) best = found;
  }
  return best!;
}

const total = ({ sizes }: Arenas) => sizes.reduce((n, size) => n + size, 0);

/** Long lives first: kept values outlive all others. */
const length = ({ from, to, kept }: Lifetime) => (kept ? Number.POSITIVE_INFINITY : to - from);

/** The busiest moments first, and at each the largest values. */
function byBreadth(values: readonly Lifetime[], bySize: (a: number, b: number) => number): number[] {
  const moments = new Map<string, { bytes: number; alive: number[] }>();
  values.forEach(({ entry, from, to, size }, i) => {
    for (let at = from; at <= to; at++) {
      const key = `${entry} ${at}`;
      const moment = moments.get(key) ?? { bytes: 0, alive: [] };
      moment.bytes += size;
      moment.alive.push(i);
      moments.set(key, moment);
    }
  });
  const busiest = [...moments.values()].sort((a, b) => b.bytes - a.bytes);
  return [...new Set(busiest.flatMap(({ alive }) => alive.sort(bySize)))];
}

function place(values: readonly Lifetime[], order: readonly number[], most: number): Arenas {
  const slots: Slot[] = new Array(values.length);
  /** Values by offset, of each arena. */
  const arenas: number[][] = [];
  const sizes: number[] = [];
  for (const i of order) {
    const size = roundUp(values[i].size, OFFSET_ALIGNMENT);
    let arena = 0;
    let offset = 0;
    for (; ; arena++) {
      arenas[arena] ??= [];
      sizes[arena] ??= 0;
      const taken = arenas[arena].filter((k) => together(values[k], values[i]));
      offset = smallestGap(
        taken.map((k) => [slots[k].offset, slots[k].offset + roundUp(values[k].size, OFFSET_ALIGNMENT)]),
        size,
      );
      if (offset + size <= most || arenas[arena].length === 0) break;
    }
    slots[i] = { arena, offset };
    sizes[arena] = Math.max(sizes[arena], offset + size);
    const own = arenas[arena];
    const next = own.findIndex((k) => slots[k].offset > offset);
    own.splice(next < 0 ? own.length : next, 0, i);
  }
  return { sizes, slots };
}

/** Where in the smallest gap between ranges, which are sorted by their start, so many bytes fit; else behind them all. */
function smallestGap(taken: readonly (readonly [start: number, end: number])[], size: number): number {
  let end = 0;
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  for (const [from, to] of taken) {
    const gap = from - end;
    if (gap >= size && gap < least) [best, least] = [end, gap];
    end = Math.max(end, to);
  }
  return best < 0 ? end : best;
}
