import type { KernelCall } from '../../ir/kernel.ts';
import { roundUp } from '../../ir/packing.ts';
import type { Target } from '../../ir/target.ts';
import { costOf, type Work } from '../cost.ts';
import type { Candidate, KernelContext, Needs } from '../variant.ts';
import { paddedMap } from './padded-map.ts';
import type { DirectConvolution } from './problem.ts';

/** F(4×4, 3×3): pixels along a tile's side, taps along the window's, and products that take the place of theirs. */
const TILE = 4;
const TAPS = 3;
const PRODUCTS = 36;
/** Target channels of a panel of the weight, and tiles of which sums are kept in registers. */
const PANEL = 4;
const STEP = 8;
/** Tiles of a block at most, and times channels: so that one product of all of them stays in the first cache. */
const MOST_TILES = 64;
const TILES_TIMES_CHANNELS = 3072;
/** Tiles of a block at most where there are too many source channels for all to stay: enough that the weight is worth reading. */
const CHUNKED_TILES = 16;
/** Elements between products, beside those of the tiles: not a stride by which they share a few places of the cache. */
const APART = 16;
/** Blocks that are wanted for threads to share, and parts of the target channels at most that are cut for it. */
const BLOCKS = 8;
const MOST_PARTS = 4;
/** Multiply-adds in whose time a tile of one channel is transformed, there or back. */
const TRANSFORM = 700;
/** Loads in whose time an element of the transformed weight is made and read. */
const WEIGHT = 6;

/** Elements of workgroup memory. */
const ACROSS = 4 * MOST_TILES + 32;
const SOURCES = TILES_TIMES_CHANNELS + (4 * TILES_TIMES_CHANNELS) / STEP + APART;
const TARGETS = PRODUCTS * TILES_TIMES_CHANNELS;
const HALVES = 6 * TILE * 4;

const needs: Needs = {
  kind: 'cpu',
  limits: {
    maxComputeWorkgroupStorageSize:
      4 * (6 * ACROSS + PRODUCTS * SOURCES + TARGETS + HALVES + 16 * MOST_TILES),
  },
};

interface Blocking {
  readonly tilesH: number;
  readonly tilesW: number;
  readonly tiles: number;
  /** Tiles of a block. */
  readonly slots: number;
  readonly tileBlocks: number;
  readonly panels: number;
  /** Panels of a block, and parts that makes. */
  readonly blockPanels: number;
  readonly parts: number;
  /** Source channels that are transformed and multiplied at once. */
  readonly chunk: number;
}

/** Zeros before the source along an axis; negative where the first of its elements is not used. */
const paddingOf = ({ firstTap, tapStep }: DirectConvolution, a: number): number =>
  -Math.min(firstTap[a], firstTap[a] + (TAPS - 1) * tapStep[a]);

const suits = (d: DirectConvolution): boolean =>
  d.groups === 1 &&
  d.tapStep[0] === d.tapStep[1] &&
  Math.abs(d.tapStep[0]) === 1 &&
  [0, 1].every(
    (a) => d.taps[a] === TAPS && d.sourceStep[a] === 1 && d.phases[a] === 1 && paddingOf(d, a) >= 0,
  );

function blockingOf(d: DirectConvolution): Blocking {
  const most = Math.min(MOST_TILES, Math.floor(TILES_TIMES_CHANNELS / d.k / STEP) * STEP) || CHUNKED_TILES;
  const [batch, , height, width] = d.target.shape;
  const [tilesH, tilesW] = [Math.ceil(height / TILE), Math.ceil(width / TILE)];
  const tiles = batch * tilesH * tilesW;
  // Blocks of fewer tiles read the weight more often, those of fewer target channels transform the source more often.
  const slots = roundUp(Math.ceil(tiles / Math.max(BLOCKS, Math.ceil(tiles / most))), STEP);
  const tileBlocks = Math.ceil(tiles / slots);
  const panels = Math.ceil(d.m / PANEL);
  const fewest = Math.ceil(panels / Math.floor(TILES_TIMES_CHANNELS / slots / PANEL));
  const wanted = Math.min(MOST_PARTS, Math.ceil(BLOCKS / tileBlocks));
  const blockPanels = Math.ceil(panels / Math.max(wanted, fewest));
  const parts = Math.ceil(panels / blockPanels);
  const chunk = Math.ceil(d.k / Math.ceil(d.k / Math.floor(TILES_TIMES_CHANNELS / slots)));
  return { tilesH, tilesW, tiles, slots, tileBlocks, panels, blockPanels, parts, chunk };
}

function workOf(d: DirectConvolution, b: Blocking): Work {
  const products = PRODUCTS * d.k * b.panels * PANEL;
  return {
    multiplyAdds: b.tiles * (products + TRANSFORM * (d.k * b.parts + d.m)),
    loads: WEIGHT * PRODUCTS * d.m * d.k,
    threads: Math.max(2 * BLOCKS, b.tileBlocks * b.parts),
    dispatches: 3,
  };
}

/** Where it is one: 3×3 taps, without strides, dilation and groups. */
export function winogradCandidates(d: DirectConvolution, target: Target): Candidate[] {
  if (!suits(d)) return [];
  const b = blockingOf(d);
  return [{ name: 'winograd', needs, cost: costOf(target, workOf(d, b)), calls: (c) => winograd(c, d, b) }];
}

function winograd(c: KernelContext, d: DirectConvolution, b: Blocking): KernelCall[] {
  const reaches = [0, 1].map((a) => ({
    padding: paddingOf(d, a),
    step: 1,
    pixels: TILE * (a === 0 ? b.tilesH : b.tilesW),
    phases: [[0, 1, 2].map((tap) => ({ tap, offset: tap }))],
  }));
  const map = paddedMap(d.source.shape, reaches, 'rows');
  const copy = c.scratch([map.size]);
  const product = PANEL * b.panels * d.k + APART;
  const weight = c.scratch([PRODUCTS * product]);
  const [, , height, width] = d.target.shape;
  const blocks = b.tileBlocks * b.parts;
  return [
    map.fill(d.source, copy),
    {
      template: 'winograd_weight',
      options: { flipped: d.tapStep[0] < 0 },
      uniforms: [
        ['panels', 'u32', b.panels],
        ['m', 'u32', d.m],
        ['k', 'u32', d.k],
        ['w_m', 'u32', d.strideM],
        ['w_k', 'u32', d.strideK],
        ['y_product', 'u32', product],
      ],
      reads: [{ name: 'w', value: d.weight }],
      writes: [{ name: 'y', value: weight }],
      workgroups: b.panels,
    },
    {
      template: 'winograd',
      options: { tiles: MOST_TILES, across: ACROSS, sources: SOURCES, targets: TARGETS },
      uniforms: [
        ['blocks', 'u32', blocks],
        ['slots', 'u32', b.slots],
        ['tile_blocks', 'u32', b.tileBlocks],
        ['block_panels', 'u32', b.blockPanels],
        ['panels', 'u32', b.panels],
        ['tiles', 'u32', b.tiles],
        ['tiles_h', 'u32', b.tilesH],
        ['tiles_w', 'u32', b.tilesW],
        ['k', 'u32', d.k],
        ['chunk', 'u32', b.chunk],
        ['m', 'u32', d.m],
        ['x_batch', 'u32', map.batchStride],
        ['x_channel', 'u32', map.channelStride],
        ['x_row', 'u32', map.lineStride],
        ['w_product', 'u32', product],
        ['target_h', 'u32', height],
        ['target_w', 'u32', width],
      ],
      reads: [
        { name: 'x', value: copy },
        { name: 'w', value: weight },
      ],
      writes: [{ name: 'y', value: d.target }],
      workgroups: blocks,
      fusable: 'y',
    },
  ];
}
