import type { DeviceLimits } from '../../ir/kernel.ts';

/** Threads of a workgroup in which each thread has a row of its own. */
const THREADS = 64;
/** From this row length on a workgroup shares a row. */
const COOPERATIVE_FROM = 512;

export interface RowTiling {
  readonly options: { readonly cooperative: boolean; readonly workgroup: number; readonly functions: string };
  readonly workgroups: readonly [number, number, number];
}

/** One thread a row for short rows, one workgroup a row for long ones. */
export function rowTiling(rows: number, length: number, limits: DeviceLimits): RowTiling {
  const cooperative = length >= COOPERATIVE_FROM;
  const workgroup =
    cooperative && length >= 8 * COOPERATIVE_FROM
      ? Math.min(256, limits.maxComputeInvocationsPerWorkgroup)
      : THREADS;
  return {
    options: { cooperative, workgroup, functions: cooperative ? 'workgroup_sum' : '' },
    workgroups: [cooperative ? rows : Math.ceil(rows / workgroup), 1, 1],
  };
}
