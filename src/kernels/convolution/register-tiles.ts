import { elementCount } from '../../ir/graph.ts';
import type { KernelCall, UniformType } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import { costOf } from '../cost.ts';
import { inParts, splitSum } from '../split-sum.ts';
import type { KernelContext } from '../variant.ts';
import { type DirectConvolution, phaseGrid, phaseTaps } from './problem.ts';
import { channelTile } from './tiling.ts';

type Uniform = readonly [string, UniformType, number];

/** Pixels of a thread's tile. */
const TILE_N = 8;
/** Widest kernel that the depthwise kernel unrolls. */
const WIDEST_ROW = 7;

/** How a kernel numbers its tiles of pixels, and what it needs to know for it. */
interface PixelTiles {
  readonly template: string;
  readonly options: KernelCall['options'];
  readonly tiles: number;
  readonly uniforms: readonly Uniform[];
}

/** Cost of {@link registerTiles}. */
export function directCost(d: DirectConvolution, target: Target): number {
  const tile = channelTile(d.m);
  const tiles = tilesOf(d);
  const multiplyAdds = tiles * tile * TILE_N * d.k * phaseTaps(d);
  const { parts } = splitSum(target, tiles, d.k, phaseTaps(d));
  return costOf(target, {
    multiplyAdds,
    loads: multiplyAdds / tile + multiplyAdds / TILE_N,
    threads: tiles * parts,
    dispatches: parts > 1 ? 2 : 1,
  });
}

function tilesOf(d: DirectConvolution): number {
  const pixels = sharesRows(d) ? rowTiles(d) : freeTiles(d);
  return pixels.tiles * Math.ceil(d.m / channelTile(d.m)) * d.groups * d.phases[0] * d.phases[1];
}

/** A thread keeps a tile of channels and pixels in registers, and reads its operands from memory. */
export function registerTiles(c: KernelContext, d: DirectConvolution): KernelCall[] {
  const { workgroup } = c.target.measured.product;
  const [, sourceChannels, sourceH, sourceW] = d.source.shape;
  const [, targetChannels, targetH, targetW] = d.target.shape;
  const pixels = sharesRows(d) ? rowTiles(d) : freeTiles(d);
  const tilesM = Math.ceil(d.m / channelTile(d.m));
  const tiles = tilesOf(d);
  const taps = phaseTaps(d);
  const { parts, partLength } = splitSum(c.target, tiles, d.k, taps);
  const count = elementCount(d.target.shape);
  const threads = tiles * parts;
  return inParts(c, d.target, parts, (y) => ({
    template: pixels.template,
    options: { workgroup, ...pixels.options },
    uniforms: [
      ['threads', 'u32', threads],
      ['tiles_n', 'u32', pixels.tiles],
      ['tiles_m', 'u32', tilesM],
      ['groups', 'u32', d.groups],
      ['m', 'u32', d.m],
      ['k', 'u32', d.k],
      ['k_part', 'u32', partLength],
      ['part_stride', 'u32', count],
      ['source_h', 'u32', sourceH],
      ['source_w', 'u32', sourceW],
      ['source_batch', 'u32', sourceChannels * sourceH * sourceW],
      ['source_step_h', 'u32', d.sourceStep[0]],
      ['target_h', 'u32', targetH],
      ['target_w', 'u32', targetW],
      ['target_batch', 'u32', targetChannels * targetH * targetW],
      ['taps_h', 'u32', d.taps[0]],
      ['tap_first_h', 'i32', d.firstTap[0]],
      ['tap_step_h', 'i32', d.tapStep[0]],
      ['w_group', 'u32', d.m * d.k * d.taps[0] * d.taps[1]],
      ['w_m', 'u32', d.strideM],
      ['w_k', 'u32', d.strideK],
      ...pixels.uniforms,
    ],
    reads: [
      { name: 'x', value: d.source },
      { name: 'w', value: d.weight },
    ],
    writes: [{ name: 'y', value: y }],
    workgroups: Math.ceil(threads / workgroup),
    fusable: 'y',
  }));
}

/**
 * Whether the depthwise kernel can do it: it loads a row of 8 + taps − 1 pixels where the other loads 8 for each
 * tap, which is worth some waste at the end of rows. With many channels to compute it gained nothing.
 */
function sharesRows(d: DirectConvolution): boolean {
  const [, , , width] = d.target.shape;
  const waste = (Math.ceil(width / TILE_N) * TILE_N) / width;
  return (
    d.m === 1 &&
    d.phases.every((n) => n === 1) &&
    d.sourceStep[1] === 1 &&
    Math.abs(d.tapStep[1]) === 1 &&
    d.taps[1] > 1 &&
    d.taps[1] <= WIDEST_ROW &&
    waste <= 2
  );
}

function rowTiles(d: DirectConvolution): PixelTiles {
  const [batch, , height, width] = d.target.shape;
  const perRow = Math.ceil(width / TILE_N);
  const mirrored = d.tapStep[1] < 0;
  return {
    template: 'depthwise',
    options: { taps_w: d.taps[1] },
    tiles: batch * height * perRow,
    uniforms: [
      ['row_tiles', 'u32', perRow],
      ['first_column', 'i32', mirrored ? d.firstTap[1] - (d.taps[1] - 1) : d.firstTap[1]],
      ['mirrored', 'u32', mirrored ? 1 : 0],
    ],
  };
}

function freeTiles(d: DirectConvolution): PixelTiles {
  const grid = phaseGrid(d);
  const pixels = d.target.shape[0] * grid[0] * grid[1];
  const phased = d.phases.some((n) => n > 1);
  return {
    template: 'convolution',
    options: { tile_m: channelTile(d.m), quads_n: TILE_N / 4, phased },
    tiles: Math.ceil(pixels / TILE_N),
    uniforms: [
      ['pixels', 'u32', pixels],
      ['grid_h', 'u32', grid[0]],
      ['grid_w', 'u32', grid[1]],
      ['source_step_w', 'u32', d.sourceStep[1]],
      ['taps_w', 'u32', d.taps[1]],
      ['tap_first_w', 'i32', d.firstTap[1]],
      ['tap_step_w', 'i32', d.tapStep[1]],
      ...(phased
        ? ([
            ['phases_h', 'u32', d.phases[0]],
            ['phases_w', 'u32', d.phases[1]],
          ] as const)
        : []),
    ],
  };
}
