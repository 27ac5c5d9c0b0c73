import { elementCount } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import { costOf } from '../cost.ts';
import { inParts, splitSum } from '../split-sum.ts';
import { TILE, TILE_TERMS, tileThreads, tileWork } from '../tiles.ts';
import type { KernelContext } from '../variant.ts';
import { type DirectConvolution, phaseGrid, phaseTaps } from './problem.ts';

function tiling(d: DirectConvolution, target: Target) {
  const grid = phaseGrid(d);
  const pixels = d.target.shape[0] * grid[0] * grid[1];
  const tilesN = Math.ceil(pixels / TILE);
  const tilesM = Math.ceil(d.m / TILE);
  const tiles = tilesN * tilesM * d.groups * d.phases[0] * d.phases[1];
  const steps = Math.ceil(d.k / TILE_TERMS);
  const { parts, partLength } = splitSum(target, tileThreads(tiles), steps, TILE_TERMS * phaseTaps(d));
  return { grid, pixels, tilesN, tilesM, parts, steps: partLength, workgroups: tiles * parts };
}

/** Cost of {@link workgroupTiles}. */
export function tiledCost(d: DirectConvolution, target: Target): number {
  const { workgroups, steps, parts } = tiling(d, target);
  return costOf(target, {
    ...tileWork(workgroups, steps * phaseTaps(d)),
    dispatches: parts > 1 ? 2 : 1,
  });
}

/** A workgroup computes 64 channels of 64 pixels, and reads its operands by tiles into workgroup memory. */
export function workgroupTiles(c: KernelContext, d: DirectConvolution): KernelCall[] {
  const [, sourceChannels, sourceH, sourceW] = d.source.shape;
  const [, targetChannels, targetH, targetW] = d.target.shape;
  const { grid, pixels, tilesN, tilesM, parts, steps, workgroups } = tiling(d, c.target);
  const phased = d.phases.some((n) => n > 1);
  const count = elementCount(d.target.shape);
  return inParts(c, d.target, parts, (y) => ({
    template: 'convolution_tiled',
    options: { phased, functions: 'tile_product' },
    uniforms: [
      ['tiles', 'u32', workgroups],
      ['tiles_n', 'u32', tilesN],
      ['tiles_m', 'u32', tilesM],
      ['groups', 'u32', d.groups],
      ['m', 'u32', d.m],
      ['k', 'u32', d.k],
      ['k_part', 'u32', steps * TILE_TERMS],
      ['part_stride', 'u32', count],
      ['pixels', 'u32', pixels],
      ['grid_h', 'u32', grid[0]],
      ['grid_w', 'u32', grid[1]],
      ['source_h', 'u32', sourceH],
      ['source_w', 'u32', sourceW],
      ['source_batch', 'u32', sourceChannels * sourceH * sourceW],
      ['source_step_h', 'u32', d.sourceStep[0]],
      ['source_step_w', 'u32', d.sourceStep[1]],
      ['target_h', 'u32', targetH],
      ['target_w', 'u32', targetW],
      ['target_batch', 'u32', targetChannels * targetH * targetW],
      ['taps_h', 'u32', d.taps[0]],
      ['taps_w', 'u32', d.taps[1]],
      ['tap_first_h', 'i32', d.firstTap[0]],
      ['tap_first_w', 'i32', d.firstTap[1]],
      ['tap_step_h', 'i32', d.tapStep[0]],
      ['tap_step_w', 'i32', d.tapStep[1]],
      ['w_group', 'u32', d.m * d.k * d.taps[0] * d.taps[1]],
      ['w_m', 'u32', d.strideM],
      ['w_k', 'u32', d.strideK],
      ...(phased
        ? ([
            ['phases_h', 'u32', d.phases[0]],
            ['phases_w', 'u32', d.phases[1]],
          ] as const)
        : []),
    ],
    reads: [
      { name: 'x', value: d.source },
      { name: 'w', value: d.weight },
    ],
    writes: [{ name: 'y', value: y }],
    workgroups: workgroups,
    fusable: 'y',
  }));
}
