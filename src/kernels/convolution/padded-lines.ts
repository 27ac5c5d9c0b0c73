import { elementCount } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import { costOf } from '../cost.ts';
import type { KernelContext, Needs } from '../variant.ts';
import { axisReach, layoutFor, type PaddedMap, paddedMap, tapTable } from './padded-map.ts';
import { type DirectConvolution, phaseTaps } from './problem.ts';

/** Registers of a tile, in fours of pixels: all that sixteen hold beside what a tap loads. */
const REGISTERS = 8;
const MOST_QUADS = 4;
const MOST_CHANNELS = 4;
/** Enough workgroups that each of 16 threads has some. */
const WORKGROUPS = 64;
/** Channels of a group up to which each has its rows together. */
export const MOST_APART = 4;
/** Pixels of a line that wait to be stored. */
const LINE = 512;
/** Pixels of a line of planes: short enough that there are several. */
const PLANE_LINE = 64;

export const paddedNeeds: Needs = {
  kind: 'cpu',
  limits: { maxComputeWorkgroupStorageSize: 4 * LINE * MOST_CHANNELS },
};

/** How a convolution is cut up. */
interface Tiling {
  readonly tileM: number;
  readonly quads: number;
  readonly map: PaddedMap;
  readonly table: readonly number[];
  readonly phases: number;
  /** Tiles of a group's channels. */
  readonly groupTiles: number;
  readonly tiles: number;
  /** Lines of all images. */
  readonly lines: number;
  readonly batchLines: number;
  readonly lineLength: number;
  readonly blockLines: number;
  readonly blockTiles: number;
  readonly lineBlocks: number;
  readonly tileBlocks: number;
}

function tilingOf(d: DirectConvolution): Tiling {
  const tileM = d.m > 2 ? MOST_CHANNELS : d.m;
  const quads = Math.min(MOST_QUADS, REGISTERS / tileM);
  const reaches = [0, 1].map((a) =>
    axisReach({
      taps: d.taps[a],
      phases: d.phases[a],
      step: d.sourceStep[a],
      firstTap: d.firstTap[a],
      tapStep: d.tapStep[a],
      target: d.target.shape[2 + a],
    }),
  );
  const layout = layoutFor(reaches, 4 * quads);
  const apart = d.groups > 1 && d.k <= MOST_APART;
  const map = paddedMap(d.source.shape, reaches, layout, { apart });
  const groupTiles = Math.ceil(d.m / tileM);
  const tiles = d.groups * groupTiles;
  const planes = layout === 'planes';
  const batchLines = planes ? Math.ceil(map.length / PLANE_LINE) : map.lines;
  const lines = d.source.shape[0] * batchLines;
  // All of the weight passes by for each block of lines, all of the map for each block of tiles. Channels that lie apart
  // stay in the first cache from line to line.
  const wanted = apart
    ? WORKGROUPS / tiles
    : Math.sqrt((WORKGROUPS * map.size) / elementCount(d.weight.shape));
  const blockLines = Math.ceil(lines / Math.min(lines, Math.max(1, Math.round(wanted))));
  const lineBlocks = Math.ceil(lines / blockLines);
  const blockTiles = Math.ceil(tiles / Math.min(tiles, Math.ceil(WORKGROUPS / lineBlocks)));
  return {
    tileM,
    quads,
    map,
    table: tapTable(map, reaches, d.taps[1]),
    phases: d.phases[0] * d.phases[1],
    groupTiles,
    tiles,
    lines,
    batchLines,
    lineLength: planes ? PLANE_LINE : map.length,
    blockLines,
    blockTiles,
    lineBlocks,
    tileBlocks: Math.ceil(tiles / blockTiles),
  };
}

/** Elements that are copied in the time of one that a plain load takes. */
const COPIED = 4;

/** Cost of {@link paddedLines}. */
export function paddedCost(d: DirectConvolution, target: Target): number {
  const t = tilingOf(d);
  const tile = 4 * t.quads;
  const pixels = t.lines * Math.ceil(Math.min(t.lineLength, t.map.length) / tile) * tile;
  return costOf(target, {
    multiplyAdds: t.phases * t.tiles * t.tileM * pixels * d.k * phaseTaps(d),
    loads: (2 * t.map.size) / COPIED + elementCount(d.weight.shape),
    threads: t.lineBlocks * t.tileBlocks * t.phases,
    dispatches: 3,
  });
}

/** Copies the source with its padding, and the weight by tiles; a thread then keeps tiles of neighbours in registers. */
export function paddedLines(c: KernelContext, d: DirectConvolution): KernelCall[] {
  const t = tilingOf(d);
  const copy = c.scratch([t.map.size]);
  const taps = t.table.length / 4;
  const reached = t.table.reduce((n, x, k) => (k % 4 === 3 ? n + x : n), 0);
  const panels = c.scratch([Math.max(1, t.tiles * t.tileM * d.k * reached)]);
  const [, channels, targetH, targetW] = d.target.shape;
  const phased = t.phases > 1;
  const planes = t.map.layout === 'planes';
  const pairs = !planes && d.phases[1] === 2;
  const tile = 4 * t.quads;
  const threads = t.lineBlocks * t.tileBlocks * (pairs ? d.phases[0] : t.phases);
  return [
    t.map.fill(d.source, copy),
    {
      template: 'convolution_panels',
      options: { tile_m: t.tileM, taps_first: phased },
      uniforms: [
        ['tiles', 'u32', t.tiles],
        ['group_tiles', 'u32', t.groupTiles],
        ['phases', 'u32', t.phases],
        ['m', 'u32', d.m],
        ['k', 'u32', d.k],
        ['w_group', 'u32', d.m * d.k * d.taps[0] * d.taps[1]],
        ['w_m', 'u32', d.strideM],
        ['w_k', 'u32', d.strideK],
      ],
      table: t.table,
      reads: [{ name: 'w', value: d.weight }],
      writes: [{ name: 'y', value: panels }],
      workgroups: t.tiles,
    },
    {
      template: 'convolution_padded',
      options: {
        tile_m: t.tileM,
        quads: t.quads,
        planes,
        phased,
        pairs,
        strided: phased && !pairs,
        piece: tile * Math.floor(LINE / tile / (pairs ? 2 : 1)),
        line_quads: LINE / 4,
      },
      uniforms: [
        ['threads', 'u32', threads],
        ['lines', 'u32', t.lines],
        ['batch_lines', 'u32', t.batchLines],
        ['block_lines', 'u32', t.blockLines],
        ['line_blocks', 'u32', t.lineBlocks],
        ['tiles', 'u32', t.tiles],
        ['group_tiles', 'u32', t.groupTiles],
        ['block_tiles', 'u32', t.blockTiles],
        ['tile_blocks', 'u32', t.tileBlocks],
        ['m', 'u32', d.m],
        ['k', 'u32', d.k],
        ['x_batch', 'u32', t.map.batchStride],
        ['x_channel', 'u32', t.map.channelStride],
        ['x_line', 'u32', planes ? t.lineLength : t.map.lineStride],
        ['channels', 'u32', channels],
        ['target_h', 'u32', targetH],
        ['target_w', 'u32', targetW],
        ...(planes
          ? ([
              ['length', 'u32', t.map.length],
              ['period', 'u32', t.map.period],
            ] as const)
          : []),
        ...(phased
          ? ([
              ['phases_h', 'u32', d.phases[0]],
              ['phases_w', 'u32', d.phases[1]],
            ] as const)
          : ([['taps', 'u32', taps]] as const)),
      ],
      table: t.table,
      reads: [
        { name: 'x', value: copy },
        { name: 'w', value: panels },
      ],
      writes: [{ name: 'y', value: d.target }],
      workgroups: threads,
      fusable: 'y',
    },
  ];
}
