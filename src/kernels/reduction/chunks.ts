import type { Target } from '../../ir/target.ts';

export interface Chunks {
  /** Threads that share `length` elements, in teams; a team takes one chunk. */
  readonly parts: number;
  readonly team: number;
  readonly chunk: number;
}

/** Shares each of `rows` runs of `length` elements, walked `repeats` times, among threads. */
export function chunks({ measured }: Target, length: number, rows = 1, repeats = 1): Chunks {
  const { mostThreads, leastPerThread } = measured.chunks;
  const perThread = Math.max(leastPerThread / repeats, (rows * length) / mostThreads);
  const { team } = measured;
  const teams = Math.max(1, Math.ceil(length / (team * perThread)));
  return { parts: team * teams, team, chunk: Math.ceil(length / teams) };
}
