/** Lanes that take turns in one chunk: together they read a cache line, and the chunk is read in order. */
export const TEAM = 16;
/** More threads than this only make the pass over their sums longer. */
const MOST_THREADS = 4096;
/** Elements that a thread takes at least. */
const LEAST_PER_THREAD = 16;

export interface Chunks {
  /** Threads that share `length` elements, in teams; a team takes one chunk. */
  readonly parts: number;
  readonly team: number;
  readonly chunk: number;
}

/** Shares each of `rows` runs of `length` elements, walked `repeats` times, among threads. */
export function chunks(length: number, rows = 1, repeats = 1): Chunks {
  const perThread = Math.max(LEAST_PER_THREAD / repeats, (rows * length) / MOST_THREADS);
  const teams = Math.max(1, Math.ceil(length / (TEAM * perThread)));
  return { parts: TEAM * teams, team: TEAM, chunk: Math.ceil(length / teams) };
}
