import { elementCount, type Value } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import { windowOf } from '../../ops/convolution/geometry.ts';
import { costOf } from '../cost.ts';
import { inParts } from '../split-sum.ts';
import type { KernelContext, KernelNode } from '../variant.ts';
import { MOST_APART } from './padded-lines.ts';
import { type AxisReach, axisReach, layoutFor, type PaddedMap, paddedMap, tapTable } from './padded-map.ts';

/** Tiles of sums in registers: channels × elements of them, all that sixteen registers hold beside what is loaded. */
const TILE_M = 2;
const TILE_N = 4;
/** Channels that are the lanes of two vectors, where there are more than one has. */
const PANEL = 8;
const FEWEST_OF_PANEL = 5;
/** Rows up to which planes are walked, rather than loops over few elements begun again. */
const SHORT_ROW = 24;
/** Of one channel (depthwise) so many elements at most. */
const MOST_OF_ONE = 7;
/** Elements of a part, whose target gradient stays in the first cache; fewer where there would not be enough workgroups. */
const PART = 2048;
const SHORTEST_PART = 256;
/** Parts at most: more only make the second pass longer. */
const MOST_PARTS = 64;
/** Elements of each map that stay in the second cache while a workgroup reads them again, and n that are worth a block. */
const BLOCK = 32768;
const SHORTEST_BLOCK = 64;
/** Enough workgroups that each of 16 threads has some. */
const WORKGROUPS = 64;

const atLeastOne = (n: number): number => Math.max(1, Math.floor(n));

/** How the gradient of a weight is cut up. */
interface Tiling {
  /** Lanes are channels; else neighbours of a line. */
  readonly panels: boolean;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly tileM: number;
  readonly tileN: number;
  readonly x: PaddedMap;
  readonly dy: PaddedMap;
  readonly table: readonly number[];
  readonly groupTiles: number;
  readonly tiles: number;
  readonly blockTiles: number;
  readonly tileBlocks: number;
  readonly blockN: number;
  readonly nBlocks: number;
  readonly lines: number;
  readonly partLines: number;
  readonly parts: number;
  /** Elements of a line, in whole vectors where neighbours are lanes. */
  readonly length: number;
}

function tilingOf({ inputs: [x, dy], outputs: [dweight], attrs }: KernelNode): Tiling {
  const w = windowOf(attrs, 2);
  const [outChannels, k, ...taps] = dweight.shape;
  const m = outChannels / w.groups;
  const n = k * taps[0] * taps[1];
  const panels = m >= FEWEST_OF_PANEL;
  const tileM = panels ? PANEL : Math.min(m, TILE_M);
  const tileN = tileM > 1 ? TILE_N : Math.ceil(n / Math.ceil(n / MOST_OF_ONE));
  const reaches = [0, 1].map((a) =>
    axisReach({
      taps: taps[a],
      phases: 1,
      step: w.stride[a],
      firstTap: -w.before[a],
      tapStep: w.dilation[a],
      target: dy.shape[2 + a],
    }),
  );
  const short = reaches[1].pixels <= SHORT_ROW ? 'planes' : 'rows';
  const layout = panels ? short : layoutFor(reaches, 4);
  const apart = w.groups > 1 && k <= MOST_APART;
  const xMap = paddedMap(x.shape, reaches, layout, { apart });
  const itself = (pixels: number): AxisReach => ({
    padding: 0,
    step: 1,
    pixels,
    phases: [[{ tap: 0, offset: 0 }]],
  });
  const dyMap = paddedMap(dy.shape, dy.shape.slice(2).map(itself), layout, { period: xMap.period, apart });
  const groupTiles = Math.ceil(m / tileM);
  const tiles = w.groups * groupTiles;
  const length = panels ? dyMap.length : 4 * Math.ceil(dyMap.length / 4);
  const lines = dy.shape[0] * dyMap.lines;
  const elements = lines * length;
  const wanted = Math.max(elements / PART, Math.min(WORKGROUPS / tiles, elements / SHORTEST_PART));
  const partLines = Math.ceil(lines / Math.min(lines, MOST_PARTS, Math.max(1, Math.round(wanted))));
  const parts = Math.ceil(lines / partLines);
  // What a workgroup reads again and again: channels of x for each tile, channels of dy for each block of n.
  const sourceChannels = atLeastOne(BLOCK / (partLines * xMap.lineElements));
  const targetTiles = atLeastOne(BLOCK / (partLines * length * tileM));
  const tileBlocks = Math.min(tiles, Math.max(Math.ceil(tiles / targetTiles), Math.ceil(WORKGROUPS / parts)));
  const nBlocks = Math.max(
    Math.ceil(k / sourceChannels),
    Math.min(Math.ceil(WORKGROUPS / (parts * tileBlocks)), atLeastOne(n / SHORTEST_BLOCK)),
  );
  const blockN = tileN * Math.ceil(n / nBlocks / tileN);
  const blockTiles = Math.ceil(tiles / tileBlocks);
  return {
    panels,
    m,
    k,
    n,
    tileM,
    tileN,
    x: xMap,
    dy: dyMap,
    table: tapTable(xMap, reaches, taps[1]),
    groupTiles,
    tiles,
    blockTiles,
    tileBlocks: Math.ceil(tiles / blockTiles),
    blockN,
    nBlocks: Math.ceil(n / blockN),
    lines,
    partLines,
    parts,
    length,
  };
}

/** Elements that are copied in the time of one that a plain load takes, and that a workgroup copies, about. */
const COPIES = 4;
const COPIED = 4096;

/** Cost of {@link weightPaddedLines}. */
export function weightPaddedCost(node: KernelNode, target: Target): number {
  const t = tilingOf(node);
  return costOf(target, {
    multiplyAdds: t.tiles * t.tileM * Math.ceil(t.n / t.tileN) * t.tileN * t.lines * t.length,
    loads:
      (2 * (t.x.size + t.dy.size)) / COPIES +
      (t.parts > 1 ? t.parts * elementCount(node.outputs[0].shape) : 0),
    threads: t.tileBlocks * t.nBlocks * t.parts,
    dispatches: t.parts > 1 ? 4 : 3,
  });
}

/**
 * The gradient of a weight from padded copies. Registers hold sums of a tile of channels, as lanes of vectors; where there
 * are few channels, lanes are neighbours of a line, which are added at the end.
 */
export function weightPaddedLines(c: KernelContext): KernelCall[] {
  const [x, dy] = c.inputs;
  const [dweight] = c.outputs;
  const t = tilingOf(c);
  const xCopy = c.scratch([t.x.size]);
  // Rows of whole vectors need no zeros behind them.
  const inPlace = !t.panels && t.dy.layout === 'rows' && t.length === t.dy.length;
  const dyCopy = inPlace ? dy : c.scratch([t.panels ? t.lines * t.tiles * PANEL * t.length : t.dy.size]);
  const [, channels, height, width] = dy.shape;
  const [dyBatch, dyLine, dyChannel] = inPlace
    ? [channels * height * width, width, height * width]
    : [t.dy.batchStride, t.dy.lineStride, t.dy.channelStride];
  const threads = t.tileBlocks * t.nBlocks * t.parts;
  const options: KernelCall['options'] = t.panels
    ? {}
    : { tile_m: t.tileM, tile_n: t.tileN, functions: 'lane_sums' };
  return [
    t.x.fill(x, xCopy),
    ...(inPlace ? [] : [t.panels ? gradientPanels(t, dy, dyCopy) : t.dy.fill(dy, dyCopy)]),
    ...inParts(c, dweight, t.parts, (y) => ({
      template: t.panels ? 'convolution_weight_panels' : 'convolution_weight_padded',
      options,
      uniforms: [
        ['threads', 'u32', threads],
        ['tiles', 'u32', t.tiles],
        ['group_tiles', 'u32', t.groupTiles],
        ['block_tiles', 'u32', t.blockTiles],
        ['tile_blocks', 'u32', t.tileBlocks],
        ['block_n', 'u32', t.blockN],
        ['n_blocks', 'u32', t.nBlocks],
        ['lines', 'u32', t.lines],
        ['batch_lines', 'u32', t.x.lines],
        ['part_lines', 'u32', t.partLines],
        ['length', 'u32', t.length],
        ['m', 'u32', t.m],
        ['k', 'u32', t.k],
        ['n', 'u32', t.n],
        ['taps', 'u32', t.n / t.k],
        ['x_batch', 'u32', t.x.batchStride],
        ['x_line', 'u32', t.x.lineStride],
        ['x_channel', 'u32', t.x.channelStride],
        ...(t.panels
          ? []
          : ([
              ['dy_batch', 'u32', dyBatch],
              ['dy_line', 'u32', dyLine],
              ['dy_channel', 'u32', dyChannel],
            ] as const)),
        ['part_stride', 'u32', elementCount(dweight.shape)],
      ],
      table: t.table,
      reads: [
        { name: 'x', value: xCopy },
        { name: 'dy', value: dyCopy },
      ],
      writes: [{ name: 'y', value: y }],
      workgroups: threads,
      fusable: 'y',
    })),
  ];
}

/** Copies the target's gradient so that a tile's channels lie side by side. */
function gradientPanels(t: Tiling, dy: Value, copy: Value): KernelCall {
  const [, channels, height, width] = dy.shape;
  const blockTiles = Math.min(t.tiles, Math.ceil(COPIED / (PANEL * t.length)));
  const tileBlocks = Math.ceil(t.tiles / blockTiles);
  return {
    template: 'convolution_gradient_panels',
    options: { tile_m: PANEL, planes: t.dy.layout === 'planes' },
    uniforms: [
      ['threads', 'u32', t.lines * tileBlocks],
      ['tiles', 'u32', t.tiles],
      ['group_tiles', 'u32', t.groupTiles],
      ['block_tiles', 'u32', blockTiles],
      ['tile_blocks', 'u32', tileBlocks],
      ['length', 'u32', t.length],
      ['period', 'u32', t.dy.period],
      ['m', 'u32', t.m],
      ['channels', 'u32', channels],
      ['target_h', 'u32', height],
      ['target_w', 'u32', width],
    ],
    reads: [{ name: 'dy', value: dy, loads: 'once' }],
    writes: [{ name: 'y', value: copy }],
    workgroups: t.lines * tileBlocks,
  };
}
