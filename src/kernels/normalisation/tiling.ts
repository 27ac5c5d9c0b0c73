import type { Target } from '../../ir/target.ts';

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
export function rowTiling({ measured, limits }: Target, rows: number, length: number, pieces = 1): RowTiling {
  const { sharedFrom, widestFrom, widest } = measured.norm;
  const cooperative = length >= sharedFrom;
  const workgroup =
    length >= widestFrom ? Math.min(widest, limits.maxComputeInvocationsPerWorkgroup) : measured.workgroup;
  return {
    options: {
      cooperative,
      workgroup,
      team: cooperative ? measured.team : 1,
      functions: cooperative ? 'workgroup_sum' : '',
    },
    chunk: Math.ceil(length / pieces / (workgroup / measured.team)),
    workgroups: [cooperative ? rows : Math.ceil(rows / workgroup), 1, 1],
  };
}

/** Threads of a plane, in teams. */
export function planeTiling({ measured: { norm, team } }: Target, inner: number) {
  if (inner < norm.planeSharedFrom) return { parts: 1, team: 1, chunk: inner };
  const teams = Math.ceil(inner / (team * norm.planePerThread));
  return { parts: team * teams, team, chunk: Math.ceil(inner / teams) };
}
