import type { DeviceLimits } from '../../ir/kernel.ts';
import { TEAM } from '../reduction/chunks.ts';

/** Threads of a workgroup in which each thread has a row of its own. */
const THREADS = 64;
/** From this row length on a workgroup shares a row. */
const COOPERATIVE_FROM = 512;

export interface RowTiling {
  readonly options: {
    readonly cooperative: boolean;
    readonly workgroup: number;
    readonly team: number;
    readonly functions: string;
  };
  /** Elements of a piece that a team takes. */
  readonly chunk: number;
  readonly workgroups: readonly [number, number, number];
}

/** One thread a row for short rows, one workgroup a row for long ones; rows consist of equal `pieces`. */
export function rowTiling(rows: number, length: number, limits: DeviceLimits, pieces = 1): RowTiling {
  const cooperative = length >= COOPERATIVE_FROM;
  const workgroup =
    cooperative && length >= 32 * COOPERATIVE_FROM
      ? Math.min(256, limits.maxComputeInvocationsPerWorkgroup)
      : THREADS;
  return {
    options: {
      cooperative,
      workgroup,
      team: cooperative ? TEAM : 1,
      functions: cooperative ? 'workgroup_sum' : '',
    },
    chunk: Math.ceil(length / pieces / (workgroup / TEAM)),
    workgroups: [cooperative ? rows : Math.ceil(rows / workgroup), 1, 1],
  };
}

/** Elements a thread takes where a plane is cut into chunks. */
const PER_THREAD = 32;
/** From this length on a plane is shared by teams. */
const SHARED_FROM = 64;

/** Threads of a plane, in teams. */
export function planeTiling(inner: number) {
  if (inner < SHARED_FROM) return { parts: 1, team: 1, chunk: inner };
  const teams = Math.ceil(inner / (TEAM * PER_THREAD));
  return { parts: TEAM * teams, team: TEAM, chunk: Math.ceil(inner / teams) };
}
