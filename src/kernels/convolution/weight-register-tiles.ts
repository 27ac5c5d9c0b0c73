import { elementCount, type Value } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import { type Window, windowOf } from '../../ops/convolution/geometry.ts';
import { costOf } from '../cost.ts';
import { inParts, splitSum } from '../split-sum.ts';
import type { KernelContext, KernelNode } from '../variant.ts';
import { weightMaps } from './problem.ts';
import { channelTile } from './tiling.ts';

/** Weights' elements of a thread's tile, in fours. */
const QUADS_N = 2;

/** Cost of the gradient of a weight by register tiles. */
export function weightCost(
  { inputs: [, dy], outputs: [dweight], attrs }: KernelNode,
  target: Target,
): number {
  const { groups } = windowOf(attrs, 2);
  const [outChannels, ...rest] = dweight.shape;
  const tile = channelTile(outChannels / groups);
  const tiles =
    groups * Math.ceil(outChannels / groups / tile) * Math.ceil(elementCount(rest) / (4 * QUADS_N));
  const rows = dy.shape[0] * dy.shape[2];
  const multiplyAdds = tiles * tile * 4 * QUADS_N * rows * dy.shape[3];
  const { parts } = splitSum(target, tiles, rows, dy.shape[3]);
  return costOf(target, {
    multiplyAdds,
    loads: multiplyAdds / tile + multiplyAdds / (4 * QUADS_N),
    threads: tiles * parts,
    dispatches: parts > 1 ? 2 : 1,
  });
}

/** The gradient of a weight: a thread keeps a tile of it in registers, or all taps of one channel (depthwise). */
export function weightRegisterTiles(c: KernelContext): KernelCall[] {
  const w = windowOf(c.attrs, 2);
  const [x, dy] = c.inputs;
  const [dweight] = c.outputs;
  const [outChannels, groupChannels, kh, kw] = dweight.shape;
  const depthwise = groupChannels === 1 && outChannels === w.groups;
  // All taps of a channel are sums of one thread, which has not room for many.
  if (depthwise && w.stride[1] === 1 && w.dilation[1] === 1 && kw > 1 && kh * kw <= 25) {
    return lowerDepthwiseSum(c, w, x, dy, dweight);
  }
  return lowerPixelSum(c, w, x, dy, dweight);
}

function lowerPixelSum(c: KernelContext, w: Window, x: Value, dy: Value, dweight: Value): KernelCall[] {
  const { workgroup } = c.target.measured.product;
  const [outChannels, groupChannels, kh, kw] = dweight.shape;
  const [batch, , targetH, targetW] = dy.shape;
  const m = outChannels / w.groups;
  const n = groupChannels * kh * kw;
  const tile = channelTile(m);
  const tilesN = Math.ceil(n / (4 * QUADS_N));
  const tilesM = Math.ceil(m / tile);
  const tiles = tilesN * tilesM * w.groups;
  const { parts, partLength } = splitSum(c.target, tiles, batch * targetH, targetW);
  const count = elementCount(dweight.shape);
  const threads = tiles * parts;
  return inParts(c, dweight, parts, (y) => ({
    template: 'convolution_weight',
    options: { tile_m: tile, quads_n: QUADS_N, workgroup },
    uniforms: [
      ['threads', 'u32', threads],
      ['tiles_n', 'u32', tilesN],
      ['tiles_m', 'u32', tilesM],
      ['groups', 'u32', w.groups],
      ['m', 'u32', m],
      ['n', 'u32', n],
      ['k', 'u32', groupChannels],
      ['rows', 'u32', batch * targetH],
      ['rows_part', 'u32', partLength],
      ['part_stride', 'u32', count],
      ...weightMaps(c),
    ],
    reads: [
      { name: 'x', value: x },
      { name: 'dy', value: dy },
    ],
    writes: [{ name: 'y', value: y }],
    workgroups: Math.ceil(threads / workgroup),
    fusable: 'y',
  }));
}

function lowerDepthwiseSum(c: KernelContext, w: Window, x: Value, dy: Value, dweight: Value): KernelCall[] {
  const { workgroup } = c.target.measured.product;
  const [batch, channels, sourceH, sourceW] = x.shape;
  const [, , kh, kw] = dweight.shape;
  const [, , targetH, targetW] = dy.shape;
  const rows = batch * targetH;
  const { parts, partLength } = splitSum(c.target, channels, rows, targetW);
  const count = elementCount(dweight.shape);
  const threads = channels * parts;
  // The sums are stored where the taps stand in the text: nothing can be fused behind them but by the second pass.
  return inParts(c, dweight, parts, (y) => ({
    template: 'depthwise_weight',
    options: { taps_h: kh, taps_w: kw, workgroup },
    uniforms: [
      ['threads', 'u32', threads],
      ['channels', 'u32', channels],
      ['rows', 'u32', rows],
      ['rows_part', 'u32', partLength],
      ['part_stride', 'u32', count],
      ['source_h', 'u32', sourceH],
      ['source_w', 'u32', sourceW],
      ['target_h', 'u32', targetH],
      ['target_w', 'u32', targetW],
      ['stride_h', 'u32', w.stride[0]],
      ['padding_h', 'u32', w.before[0]],
      ['padding_w', 'u32', w.before[1]],
      ['dilation_h', 'u32', w.dilation[0]],
    ],
    reads: [
      { name: 'x', value: x },
      { name: 'dy', value: dy },
    ],
    writes: [{ name: 'y', value: y }],
    workgroups: Math.ceil(threads / workgroup),
  }));
}
