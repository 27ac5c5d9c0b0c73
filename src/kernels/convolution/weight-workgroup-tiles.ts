import { elementCount } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import { windowOf } from '../../ops/convolution/geometry.ts';
import { costOf } from '../cost.ts';
import { inParts, splitSum } from '../split-sum.ts';
import { TILE, TILE_TERMS, tileThreads, tileWork } from '../tiles.ts';
import type { KernelContext, KernelNode } from '../variant.ts';
import { weightMaps } from './problem.ts';

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
  const groupChannels = dweight.shape[1];
  const { m, n, pixels, tilesM, tilesN, parts, steps, workgroups } = tiling(c, c.target);
  const count = elementCount(dweight.shape);
  return inParts(c, dweight, parts, (y) => ({
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
      ...weightMaps(c),
    ],
    reads: [
      { name: 'x', value: x },
      { name: 'dy', value: dy },
    ],
    writes: [{ name: 'y', value: y }],
    workgroups: workgroups,
    fusable: 'y',
  }));
}
