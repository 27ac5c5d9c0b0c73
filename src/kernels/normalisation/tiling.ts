import type { KernelCall } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import { costOf } from '../cost.ts';
import { threadsOf } from '../threads.ts';
import type { Candidate, KernelContext, KernelFamily, KernelNode } from '../variant.ts';

export interface RowTiling {
  /** By vectors along a row. */
  readonly vectors: boolean;
  readonly options: {
    readonly cooperative: boolean;
    readonly workgroup: number;
    readonly team: number;
    readonly functions: string;
  };
  /** Elements of a piece that a team takes. */
  readonly chunk: number;
  readonly workgroups: number;
}

/** Makes the tiling of rows that consist of equal `pieces`, by default one. */
export type TileRows = (rows: number, length: number, pieces?: number) => RowTiling;

/** A thread has a row of its own. */
function threadRows({ measured: { workgroup } }: Target, rows: number): RowTiling {
  return {
    vectors: false,
    options: { cooperative: false, workgroup, team: 1, functions: '' },
    chunk: 0,
    workgroups: Math.ceil(rows / workgroup),
  };
}

/** The same, of few threads where rows are long. */
function vectorRows(target: Target, rows: number, length: number): RowTiling {
  const workgroup = threadsOf(target, length);
  return {
    vectors: true,
    options: { cooperative: false, workgroup, team: 1, functions: '' },
    chunk: 0,
    workgroups: Math.ceil(rows / workgroup),
  };
}

/** A workgroup shares a row. */
function sharedRows({ measured }: Target, rows: number, length: number, pieces: number): RowTiling {
  const workgroup = sharedThreads(measured, length);
  return {
    vectors: false,
    options: { cooperative: true, workgroup, team: measured.team, functions: 'workgroup_sum' },
    chunk: Math.ceil(length / pieces / (workgroup / measured.team)),
    workgroups: rows,
  };
}

function sharedThreads({ workgroup, norm }: Target['measured'], length: number): number {
  return length >= norm.widestFrom ? norm.widest : workgroup;
}

const names = { shared: 'shared-rows', thread: 'thread-rows', vector: 'vector-rows' } as const;
const docs = {
  [names.shared]: 'A workgroup shares a row, and brings its sums together in workgroup memory.',
  [names.thread]: 'A thread a row.',
  [names.vector]: 'A thread a row, by vectors along it, which it walks once more for each sum.',
};

/** A norm whose rows are each a thread's, or each shared by a workgroup. */
export function normFamily(
  /** Rows and their length. */
  rowsOf: (node: KernelNode) => { readonly rows: number; readonly length: number },
  calls: (c: KernelContext, tileRows: TileRows) => KernelCall[],
): KernelFamily {
  return {
    variants: docs,
    candidates: (node, target): Candidate[] => {
      const { rows, length } = rowsOf(node);
      const { measured } = target;
      const threads = sharedThreads(measured, length);
      return [
        {
          name: names.thread,
          needs: {},
          // Each element is read twice.
          cost: costOf(target, { loads: 2 * rows * length, threads: rows }),
          calls: (c) => calls(c, (n) => threadRows(c.target, n)),
        },
        {
          name: names.vector,
          needs: { kind: 'cpu' },
          cost: 0,
          calls: (c) => calls(c, (n, size) => vectorRows(c.target, n, size)),
        },
        {
          name: names.shared,
          needs: {
            limits: {
              maxComputeInvocationsPerWorkgroup: threads,
              maxComputeWorkgroupSizeX: threads,
              maxComputeWorkgroupStorageSize: 4 * (threads + threads / 16),
            },
          },
          // The second time from the cache, but the sums have to be brought together: `sharedFrom` is where it pays.
          cost: costOf(target, {
            loads: rows * (length + measured.norm.sharedFrom),
            threads: rows * threads,
          }),
          calls: (c) => calls(c, (n, size, pieces = 1) => sharedRows(c.target, n, size, pieces)),
        },
      ];
    },
  };
}

/** Threads of a plane, in teams. */
export function planeTiling({ measured: { norm, team } }: Target, inner: number) {
  if (inner < norm.planeSharedFrom) return { parts: 1, team: 1, chunk: inner };
  const teams = Math.ceil(inner / (team * norm.planePerThread));
  return { parts: team * teams, team, chunk: Math.ceil(inner / teams) };
}
