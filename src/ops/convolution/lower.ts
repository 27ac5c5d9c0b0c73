import { elementCount, type Value } from '../../ir/graph.ts';
import type { KernelCall, LowerContext, UniformType } from '../../ir/kernel.ts';
import { lowerGemm } from '../contraction/gemm.ts';
import { splitSum, sumParts } from '../split-sum.ts';
import { forwardGemm, inputGradientGemm, isPartition, isUnpadded, weightGradientGemm } from './as-gemm.ts';
import { type Pair, type Window, windowOf } from './geometry.ts';

type Uniform = readonly [string, UniformType, number];

const WORKGROUP = 32;
const QUADS_N = 2;
/** Multiply-adds below which a part of a split sum is not worth its second pass. */
const SHORTEST_PART = 64;

/** Output channels a thread: one where a group has one (depthwise). */
const tileM = (m: number) => (m === 1 ? 1 : 8);

export function lowerForward(c: LowerContext): KernelCall[] {
  const w = windowOf(c.attrs);
  const [x, weight] = c.inputs;
  const [y] = c.outputs;
  if (isUnpadded(w)) return lowerGemm(c, forwardGemm(w, x, weight, y));
  const [outChannels, groupChannels, kh, kw] = weight.shape;
  const taps = kh * kw;
  return lowerDirect(c, {
    source: x,
    weight,
    target: y,
    groups: w.groups,
    m: outChannels / w.groups,
    k: groupChannels,
    strideM: groupChannels * taps,
    strideK: taps,
    taps: [kh, kw],
    sourceStep: w.stride,
    phases: [1, 1],
    firstTap: [-w.before[0], -w.before[1]],
    tapStep: w.dilation,
  });
}

export function lowerInputGradient(c: LowerContext): KernelCall[] {
  const w = windowOf(c.attrs);
  const [dy, weight] = c.inputs;
  const [dx] = c.outputs;
  if (isUnpadded(w) && isPartition(w, dx.shape, weight.shape, dy.shape)) {
    return lowerGemm(c, inputGradientGemm(w, dy, weight, dx));
  }
  const [outChannels, groupChannels, kh, kw] = weight.shape;
  const taps = kh * kw;
  return lowerDirect(c, {
    source: dy,
    weight,
    target: dx,
    groups: w.groups,
    m: groupChannels,
    k: outChannels / w.groups,
    strideM: taps,
    strideK: groupChannels * taps,
    taps: [kh, kw],
    sourceStep: [1, 1],
    phases: w.stride,
    firstTap: w.before,
    tapStep: [-w.dilation[0], -w.dilation[1]],
  });
}

/**
 * target[m][q · phases + phase] = Σ over k and taps of weight · source[k][q · sourceStep + reach / phases], where
 * reach = phase + firstTap + tap · tapStep must be a multiple of `phases`.
 */
interface DirectConvolution {
  readonly source: Value;
  readonly weight: Value;
  readonly target: Value;
  readonly groups: number;
  /** Target and source channels of a group, and the weight's strides along them. */
  readonly m: number;
  readonly k: number;
  readonly strideM: number;
  readonly strideK: number;
  readonly taps: Pair;
  readonly sourceStep: Pair;
  readonly phases: Pair;
  readonly firstTap: Pair;
  readonly tapStep: Pair;
}

function lowerDirect(c: LowerContext, d: DirectConvolution): KernelCall[] {
  const [batch, sourceChannels, sourceH, sourceW] = d.source.shape;
  const [, targetChannels, targetH, targetW] = d.target.shape;
  const grid = [Math.ceil(targetH / d.phases[0]), Math.ceil(targetW / d.phases[1])];
  const pixels = batch * grid[0] * grid[1];
  const rows = tileM(d.m);
  const tilesN = Math.ceil(pixels / (4 * QUADS_N));
  const tilesM = Math.ceil(d.m / rows);
  const phased = d.phases[0] > 1 || d.phases[1] > 1;
  const tiles = tilesN * tilesM * d.groups * d.phases[0] * d.phases[1];
  const taps = Math.ceil((d.taps[0] * d.taps[1]) / (d.phases[0] * d.phases[1]));
  const { parts, partLength } = splitSum(tiles, d.k, Math.ceil(SHORTEST_PART / taps));
  const count = elementCount(d.target.shape);
  const y = parts > 1 ? c.scratch([parts, count]) : d.target;
  const threads = tiles * parts;
  const uniforms: Uniform[] = [
    ['threads', 'u32', threads],
    ['tiles_n', 'u32', tilesN],
    ['tiles_m', 'u32', tilesM],
    ['groups', 'u32', d.groups],
    ['pixels', 'u32', pixels],
    ['m', 'u32', d.m],
    ['k', 'u32', d.k],
    ['k_part', 'u32', partLength],
    ['part_stride', 'u32', count],
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
  ];
  const direct: KernelCall = {
    template: 'convolution',
    options: { tile_m: rows, quads_n: QUADS_N, phased, workgroup: WORKGROUP },
    uniforms,
    reads: [
      { name: 'x', value: d.source },
      { name: 'w', value: d.weight },
    ],
    writes: [{ name: 'y', value: y }],
    workgroups: [Math.ceil(threads / WORKGROUP), 1, 1],
    fusable: parts > 1 ? undefined : 'y',
  };
  return parts > 1 ? [direct, sumParts(y, d.target, parts)] : [direct];
}

export function lowerWeightGradient(c: LowerContext): KernelCall[] {
  const w = windowOf(c.attrs);
  const [x, dy] = c.inputs;
  const [dweight] = c.outputs;
  if (isUnpadded(w)) return lowerGemm(c, weightGradientGemm(w, x, dy, dweight));
  return lowerPixelSum(c, w, x, dy, dweight);
}

function lowerPixelSum(c: LowerContext, w: Window, x: Value, dy: Value, dweight: Value): KernelCall[] {
  const [batch, channels, sourceH, sourceW] = x.shape;
  const [outChannels, groupChannels, kh, kw] = dweight.shape;
  const [, , targetH, targetW] = dy.shape;
  const m = outChannels / w.groups;
  const n = groupChannels * kh * kw;
  const tile = tileM(m);
  const tilesN = Math.ceil(n / (4 * QUADS_N));
  const tilesM = Math.ceil(m / tile);
  const tiles = tilesN * tilesM * w.groups;
  const { parts, partLength } = splitSum(tiles, batch * targetH, Math.ceil(SHORTEST_PART / targetW));
  const count = elementCount(dweight.shape);
  const y = parts > 1 ? c.scratch([parts, count]) : dweight;
  const threads = tiles * parts;
  const sum: KernelCall = {
    template: 'convolution_weight',
    options: { tile_m: tile, quads_n: QUADS_N, workgroup: WORKGROUP },
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
    workgroups: [Math.ceil(threads / WORKGROUP), 1, 1],
    fusable: parts > 1 ? undefined : 'y',
  };
  return parts > 1 ? [sum, sumParts(y, dweight, parts)] : [sum];
}
