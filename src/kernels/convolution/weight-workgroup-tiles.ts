import { elementCount } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import { windowOf } from '../../ops/convolution/geometry.ts';
import { costOf } from '../cost.ts';
import { splitSum, sumParts } from '../split-sum.ts';
import { TILE, TILE_TERMS, tileThreads, tileWork } from '../tiles.ts';
import type { KernelContext, KernelNode } from '../variant.ts';

function tiling({ inputs: [, dy], outputs: [dweight], attrs }: KernelNode, target: Target) {
  const { groups } = windowOf(attrs, 2);
  const [outChannels, ...rest] = dweight.shape;
  const m = outChannels / groups;
  const n = elementCount(rest);
  const pixels = elementCount(dy.shape) / outChannels;
  const tilesM = Math.ceil(m / TILE);
  const tilesN = Math.ceil(n / TILE);
  const tiles = groups * tilesM * tilesN;
  const { parts, partLength } = splitSum(
    target,
    tileThreads(tiles),
    Math.ceil(pixels / TILE_TERMS),
    TILE_TERMS,
  );
  return { groups, m, n, pixels, tilesM, tilesN, parts, steps: partLength, workgroups: tiles * parts };
}

/** Cost of {@link weightWorkgroupTiles}. */
export function weightTiledCost(node: KernelNode, target: Target): number {
  const { workgroups, steps, parts } = tiling(node, target);
  return costOf(target, { ...tileWork(workgroups, steps), dispatches: parts > 1 ? 2 : 1 });
}

/** The gradient of a weight: a workgroup computes 64 channels of 64 elements, by tiles in workgroup memory. */
export function weightWorkgroupTiles(c: KernelContext): KernelCall[] {
  const w = windowOf(c.attrs, 2);
  const [x, dy] = c.inputs;
  const [dweight] = c.outputs;
  const [, channels, sourceH, sourceW] = x.shape;
  const [outChannels, groupChannels, kh, kw] = dweight.shape;
  const [, , targetH, targetW] = dy.shape;
  const { m, n, pixels, tilesM, tilesN, parts, steps, workgroups } = tiling(c, c.target);
  const count = elementCount(dweight.shape);
  const y = parts > 1 ? c.scratch([parts, count]) : dweight;
  const tiled: KernelCall = {
    template: 'convolution_weight_tiled',
    options: { functions: 'tile_product' },
    uniforms: [
      ['tiles', 'u32', workgroups],
      ['tiles_n', 'u32', tilesN],
      ['tiles_m', 'u32', tilesM],
      ['groups', 'u32', w.groups],
      ['m', 'u32', m],
      ['n', 'u32', n],
      ['k', 'u32', groupChannels],
      ['pixels', 'u32', pixels],
      ['pixels_part', 'u32', steps * TILE_TERMS],
      ['part_stride', 'u32', count],
      ['source_h', 'u32', sourceH],
      ['source_w', 'u32', sourceW],
      ['source_batch', 'u32', channels * sourceH * sourceW],
      ['target_h', 'u32', targetH],
      ['target_w', 'u32', targetW],
      ['target_batch', 'u32', outChannels * targetH * targetW],
      ['taps_h', 'u32', kh],
      ['taps_w', 'u32', kw],
      ['stride_h', 'u32', w.stride[0]],
      ['stride_w', 'u32', w.stride[1]],
      ['padding_h', 'u32', w.before[0]],
      ['padding_w', 'u32', w.before[1]],
      ['dilation_h', 'u32', w.dilation[0]],
      ['dilation_w', 'u32', w.dilation[1]],
    ],
    reads: [
      { name: 'x', value: x },
      { name: 'dy', value: dy },
    ],
    writes: [{ name: 'y', value: y }],
    workgroups: [workgroups, 1, 1],
    fusable: parts > 1 ? undefined : 'y',
  };
  return parts > 1 ? [tiled, sumParts(c.target, y, dweight, parts)] : [tiled];
}
