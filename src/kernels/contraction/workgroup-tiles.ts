import { elementCount } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import { mergeRuns, type Run } from '../../ir/runs.ts';
import type { Target } from '../../ir/target.ts';
import { costOf } from '../cost.ts';
import { inParts, splitSum } from '../split-sum.ts';
import { TILE, TILE_TERMS, tileNeeds, tileThreads, tileWork } from '../tiles.ts';
import type { KernelContext } from '../variant.ts';
import {
  contiguousLast,
  isVector,
  merged,
  oriented,
  type Problem,
  type ProductSize,
  sizeOfProblem,
  walkUniforms,
} from './problem.ts';
import type { ProductVariant } from './products.ts';

/** A workgroup computes 64×64 results, and reads its operands by tiles into workgroup memory. */
export const workgroupTiles: ProductVariant = {
  name: 'workgroup-tiles',
  doc: 'A workgroup computes 64×64 results, and reads its operands by tiles into workgroup memory.',
  needs: tileNeeds,
  cost: (problem, target) => {
    const size = sizeOfProblem(oriented(merged(problem)));
    const { workgroups, parts, partLength } = tiling(target, size);
    return costOf(target, {
      ...tileWork(workgroups, Math.ceil(partLength / TILE_TERMS)),
      dispatches: parts > 1 ? 2 : 1,
    });
  },
  calls,
};

function tiling(target: Target, { batch, m, n, k }: ProductSize) {
  const tilesM = Math.ceil(m / TILE);
  const tilesN = Math.ceil(n / TILE);
  const tiles = batch * tilesM * tilesN;
  const steps = Math.ceil(k / TILE_TERMS);
  const { parts, partLength } = splitSum(target, tileThreads(tiles), steps, TILE_TERMS);
  return { tilesM, tilesN, parts, partLength: partLength * TILE_TERMS, workgroups: tiles * parts };
}

function calls(c: KernelContext, problem: Problem): KernelCall[] {
  const merge = oriented(merged(problem));
  const k = contiguousLast(merge.k, merge.k.some((r) => r.strides[0] === 1) ? 0 : 1);
  const p = { ...merge, k };
  const size = sizeOfProblem(p);
  const { tilesM, tilesN, parts, partLength, workgroups } = tiling(c.target, size);
  const a = reading(p.m, k, p.batch, 0);
  const b = reading(p.n, k, p.batch, 1);
  const count = elementCount(p.y.shape);
  return inParts(c, p.y, parts, (sums) => ({
    template: 'gemm_tiled',
    options: {
      mode_a: a.mode,
      mode_b: b.mode,
      across_a: a.across,
      across_b: b.across,
      plain_k: mergeRuns(k).length <= 1,
      functions: 'runs tile_product',
    },
    uniforms: [
      ['tiles', 'u32', workgroups],
      ['m', 'u32', size.m],
      ['n', 'u32', size.n],
      ['k', 'u32', size.k],
      ['k_part', 'u32', partLength],
      ['parts', 'u32', parts],
      ['part_stride', 'u32', count],
      ['tiles_m', 'u32', tilesM],
      ['tiles_n', 'u32', tilesN],
      ...walkUniforms(p),
    ],
    reads: [
      { name: 'a', value: p.a, vector: a.mode !== 'single' },
      { name: 'b', value: p.b, vector: b.mode !== 'single' },
    ],
    writes: [{ name: 'y', value: sums }],
    workgroups: workgroups,
    fusable: 'y',
  }));
}

/**
 * How operand `t` is read: four rows that lie side by side at once (`quads`), four terms (`terms`), or one by one; and
 * whether neighbouring threads take neighbouring rows, or neighbouring terms.
 */
function reading(rows: readonly Run[], terms: readonly Run[], batch: readonly Run[], t: number) {
  const along = (runs: readonly Run[]) => runs.map((r) => r.strides[t]);
  if (isVector(rows, t, [...along(batch), ...along(terms)])) return { mode: 'quads', across: true };
  if (isVector(terms, t, [...along(batch), ...along(rows)])) return { mode: 'terms', across: false };
  return { mode: 'single', across: rows.at(-1)?.strides[t] === 1 };
}
