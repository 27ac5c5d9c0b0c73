import type { Target } from '../ir/target.ts';

/** What some dispatches do, all threads together; what idle parts of tiles do counts. */
export interface Work {
  readonly multiplyAdds?: number;
  /** Elements read from memory or its caches. */
  readonly loads?: number;
  /** Elements read from workgroup memory. */
  readonly shared?: number;
  /** Barriers, times the workgroups that wait at them. */
  readonly barriers?: number;
  readonly threads: number;
  readonly dispatches?: number;
}

/**
 * Nanoseconds, roughly: each kind of work at the target's rate, one after the other, slower by as much as there are
 * too few threads to keep it busy. It need only tell variants apart whose work differs much.
 */
export function costOf({ measured: { rates } }: Target, work: Work): number {
  const { multiplyAdds = 0, loads = 0, shared = 0, barriers = 0, dispatches = 1 } = work;
  const busy = Math.min(1, work.threads / rates.threads);
  const time =
    multiplyAdds / rates.multiplyAdds +
    loads / rates.loads +
    shared / rates.shared +
    barriers / rates.barriers;
  return dispatches * rates.dispatch + time / busy;
}
