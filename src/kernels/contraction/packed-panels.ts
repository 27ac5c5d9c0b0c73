import { elementCount } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import { roundUp } from '../../ir/packing.ts';
import type { Run } from '../../ir/runs.ts';
import { costOf } from '../cost.ts';
import { inParts, type Split } from '../split-sum.ts';
import type { KernelContext } from '../variant.ts';
import {
  contiguousLast,
  merged,
  type Problem,
  type ProductSize,
  sizeOfProblem,
  swapped,
  walkUniforms,
} from './problem.ts';
import type { ProductVariant } from './products.ts';

/** Rows of a tile, of a that are packed at once (a line of the cache), and of a block at most. */
const TILE_ROWS = 4;
const STRIP = 16;
const MOST_ROWS = 256;
/** Terms that are packed at once, and floats of b: half of what the smallest second caches hold. */
const DEPTHS = [32, 64, 128, 256] as const;
const PACKED = 32768;
/** Columns of a block. */
const WIDTHS = [32, 64, 128, 256] as const;
/**
 * Terms from panel to panel, and fours of sums from row to row: not strides by which they share places of the cache. They
 * are part of a kernel's text, as what is known is 10 % faster; two are enough, where each depth had a kernel of its own.
 */
const PITCHES = [68, 260] as const;
const QUADS = 68;
/** Multiply-adds of a block that are worth taking it up, and blocks that threads can share. */
const WORTHWHILE = 2 ** 20;
const BLOCKS = 16;
/** Terms of a part at least. */
const SHORTEST_PART = 1024;

/** Operands are packed so that the innermost loop reads memory in order; tiles of 4×8. */
export const packedPanels: ProductVariant = {
  name: 'packed-panels',
  doc: 'A workgroup packs the operands of a block into panels of four lanes, and keeps tiles of 4×8 in registers.',
  needs: { kind: 'cpu' },
  cost: (problem, target) => {
    const p = arranged(problem);
    if (!p) return undefined;
    const size = sizeOfProblem(p);
    const { rows, columns, batches, blocks, split } = blocking(size);
    const { m, n } = size;
    const terms = size.batch * size.k;
    return costOf(target, {
      multiplyAdds: terms * roundUp(m, TILE_ROWS) * roundUp(n, isNarrow(n) ? 4 : 8),
      loads: terms * (n * Math.ceil(m / rows) + m * Math.ceil(n / columns)),
      threads: Math.max(BLOCKS, blocks * batches),
      dispatches: split.parts > 1 ? 2 : 1,
    });
  },
  calls,
};

/** Whether the last columns of rows fill no more than half a tile. */
const isNarrow = (n: number) => n % 8 > 0 && n % 8 <= 4;

/** The problem so that n lies side by side in y; nothing where neither index does. */
function arranged(problem: Problem): Problem | undefined {
  const p = merged(problem);
  const one = [p, swapped(p)].find(({ n }) => contiguousLast(n, 1).at(-1)?.strides[1] === 1);
  if (!one) return undefined;
  const n = contiguousLast(one.n, 1);
  const m = contiguousLast(one.m, 0);
  const needsB = !isSide(n, 0) && one.k.some((r) => r.strides[1] === 1);
  return { ...one, m, n, k: contiguousLast(one.k, needsB ? 1 : 0) };
}

/** Whether four neighbours of an index lie side by side in tensor `t`. */
function isSide(runs: readonly Run[], t: number): boolean {
  const last = runs.at(-1);
  return last?.strides[t] === 1 && (runs.length === 1 || last.size % 4 === 0);
}

/** How an operand is packed: four neighbours at once (`side`), four terms of each of them (`terms`), or one by one. */
function packing(runs: readonly Run[], k: readonly Run[], t: number): string {
  if (isSide(runs, 0)) return 'side';
  return k.at(-1)?.strides[t] === 1 ? 'terms' : 'single';
}

interface Blocking {
  readonly depth: number;
  readonly rows: number;
  readonly columns: number;
  /** Batches that a workgroup computes one after the other. */
  readonly batches: number;
  readonly blocks: number;
  readonly split: Split;
}

/** Blocks by the size alone: the order of sums must not depend on threads. */
function blocking({ batch, m, n, k }: ProductSize): Blocking {
  const depth = DEPTHS.find((d) => d >= k) ?? DEPTHS[DEPTHS.length - 1];
  const widest = Math.min(WIDTHS[WIDTHS.length - 1], PACKED / depth);
  const columns = Math.min(widest, WIDTHS.find((w) => w >= n) ?? widest);
  const across = Math.ceil(n / columns);
  const tilesOf = (rows: number) => batch * across * Math.ceil(m / rows);
  let rows = Math.min(roundUp(m, STRIP), MOST_ROWS);
  // Long sums are split before rows are: their partial sums are few.
  const wanted = tilesOf(rows) < BLOCKS ? Math.ceil((2 * BLOCKS) / tilesOf(rows)) : 1;
  const partLength = roundUp(
    Math.ceil(k / Math.max(1, Math.min(wanted, Math.floor(k / SHORTEST_PART)))),
    depth,
  );
  const parts = Math.ceil(k / partLength);
  while (rows > STRIP && tilesOf(rows) * parts < BLOCKS) rows -= STRIP;
  const batches = Math.max(
    1,
    Math.min(
      Math.ceil(WORTHWHILE / (Math.min(rows, m) * Math.min(columns, n) * k)),
      Math.floor(tilesOf(rows) / (2 * BLOCKS)),
    ),
  );
  const blocks = Math.ceil(batch / batches) * across * Math.ceil(m / rows) * parts;
  return { depth, rows, columns, batches, blocks, split: { parts, partLength } };
}

function calls(c: KernelContext, problem: Problem): KernelCall[] {
  const p = arranged(problem);
  if (!p) throw new Error('no index of a product lies side by side in its result');
  const size = sizeOfProblem(p);
  const { depth, rows, columns, batches, blocks, split } = blocking(size);
  const { parts, partLength } = split;
  return inParts(c, p.y, parts, (y) => ({
    template: 'gemm_packed',
    options: {
      strip: STRIP,
      pitch: PITCHES.find((pitch) => depth < pitch) as number,
      quads: QUADS,
      rows: partLength > depth ? MOST_ROWS : STRIP,
      chunked: partLength > depth,
      narrow: isNarrow(size.n),
      plain_m: p.m.length <= 1,
      plain_n: p.n.length <= 1,
      plain_k: p.k.length <= 1,
      mode_a: packing(p.m, p.k, 0),
      mode_b: packing(p.n, p.k, 1),
    },
    uniforms: [
      ['blocks', 'u32', blocks],
      ['blocks_m', 'u32', Math.ceil(size.m / rows)],
      ['blocks_n', 'u32', Math.ceil(size.n / columns)],
      ['block_m', 'u32', rows],
      ['block_batches', 'u32', batches],
      ['batches', 'u32', size.batch],
      ['m', 'u32', size.m],
      ['n', 'u32', size.n],
      ['k', 'u32', size.k],
      ['k_part', 'u32', partLength],
      ['parts', 'u32', parts],
      ['depth', 'u32', depth],
      ['columns', 'u32', columns],
      ['part_stride', 'u32', elementCount(p.y.shape)],
      ...walkUniforms(p),
    ],
    reads: [
      { name: 'a', value: p.a },
      { name: 'b', value: p.b },
    ],
    writes: [{ name: 'y', value: y }],
    workgroups: blocks,
    fusable: 'y',
  }));
}
