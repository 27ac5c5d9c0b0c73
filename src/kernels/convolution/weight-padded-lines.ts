import { elementCount } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import { windowOf } from '../../ops/convolution/geometry.ts';
import { costOf } from '../cost.ts';
import { inParts } from '../split-sum.ts';
import type { KernelContext, KernelNode } from '../variant.ts';
import { type AxisReach, axisReach, layoutFor, type PaddedMap, paddedMap, tapTable } from './padded-map.ts';

/** Tiles of sums in registers: channels × elements of them, all that sixteen registers hold beside what is loaded. */
const TILE_M = 2;
const TILE_N = 4;
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
  readonly groups: number;
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
  /** Of a line, in whole vectors. */
  readonly length: number;
}

function tilingOf({ inputs: [x, dy], outputs: [dweight], attrs }: KernelNode): Tiling {
  const w = windowOf(attrs, 2);
  const [outChannels, k, ...taps] = dweight.shape;
  const m = outChannels / w.groups;
  const n = k * taps[0] * taps[1];
  const tileM = Math.min(m, TILE_M);
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
  const layout = layoutFor(reaches, 4);
  const xMap = paddedMap(x.shape, reaches, layout);
  const itself = (pixels: number): AxisReach => ({
    padding: 0,
    step: 1,
    pixels,
    phases: [[{ tap: 0, offset: 0 }]],
  });
  const dyMap = paddedMap(dy.shape, dy.shape.slice(2).map(itself), layout, xMap.period);
  const groupTiles = Math.ceil(m / tileM);
  const tiles = w.groups * groupTiles;
  const length = 4 * Math.ceil(dyMap.length / 4);
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
    groups: w.groups,
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

/** Elements that are copied in the time of one that a plain load takes. */
const COPIED = 4;

/** Cost of {@link weightPaddedLines}. */
export function weightPaddedCost(node: KernelNode, target: Target): number {
  const t = tilingOf(node);
  return costOf(target, {
    multiplyAdds: t.tiles * t.tileM * Math.ceil(t.n / t.tileN) * t.tileN * t.lines * t.length,
    loads:
      (2 * (t.x.size + t.dy.size)) / COPIED +
      (t.parts > 1 ? t.parts * elementCount(node.outputs[0].shape) : 0),
    threads: t.tileBlocks * t.nBlocks * t.parts,
    dispatches: t.parts > 1 ? 4 : 3,
  });
}

/** The gradient of a weight from padded copies: registers hold sums along rows, whose lanes are added at the end. */
export function weightPaddedLines(c: KernelContext): KernelCall[] {
  const [x, dy] = c.inputs;
  const [dweight] = c.outputs;
  const t = tilingOf(c);
  const xCopy = c.scratch([t.x.size]);
  const dyCopy = c.scratch([t.dy.size]);
  const threads = t.tileBlocks * t.nBlocks * t.parts;
  return [
    t.x.fill(x, xCopy),
    t.dy.fill(dy, dyCopy),
    ...inParts(c, dweight, t.parts, (y) => ({
      template: 'convolution_weight_padded',
      options: { tile_m: t.tileM, tile_n: t.tileN, functions: 'lane_sums' },
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
        ['dy_line', 'u32', t.dy.lineStride],
        ['dy_channel', 'u32', t.dy.channelStride],
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
