import type { Value } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import { windowOf } from '../../ops/convolution/geometry.ts';
import type { KernelNode } from '../variant.ts';

/**
 * target[m][q · phases + phase] = Σ over k and taps of weight · source[k][q · sourceStep + reach / phases], where
 * reach = phase + firstTap + tap · tapStep must be a multiple of `phases`.
 */
export interface DirectConvolution {
  readonly source: Value;
  readonly weight: Value;
  readonly target: Value;
  readonly groups: number;
  /** Target and source channels of a group, and the weight's strides along them. */
  readonly m: number;
  readonly k: number;
  readonly strideM: number;
  readonly strideK: number;
  /** These by the map's two axes. */
  readonly taps: readonly number[];
  readonly sourceStep: readonly number[];
  readonly phases: readonly number[];
  readonly firstTap: readonly number[];
  readonly tapStep: readonly number[];
}

export function forwardProblem({ inputs: [x, weight], outputs: [y], attrs }: KernelNode): DirectConvolution {
  const w = windowOf(attrs, 2);
  const [outChannels, groupChannels, kh, kw] = weight.shape;
  const taps = kh * kw;
  return {
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
  };
}

export function inputGradientProblem({
  inputs: [dy, weight],
  outputs: [dx],
  attrs,
}: KernelNode): DirectConvolution {
  const w = windowOf(attrs, 2);
  const [outChannels, groupChannels, kh, kw] = weight.shape;
  const taps = kh * kw;
  return {
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
  };
}

/** Target pixels of one phase, rows and columns. */
export function phaseGrid({ target, phases }: DirectConvolution): readonly number[] {
  const [, , height, width] = target.shape;
  return [Math.ceil(height / phases[0]), Math.ceil(width / phases[1])];
}

/** Taps that a phase reaches, about. */
export function phaseTaps({ taps, phases }: DirectConvolution): number {
  return Math.ceil((taps[0] * taps[1]) / (phases[0] * phases[1]));
}

/** Sizes of the maps and of the window in the gradient of a weight. */
export function weightMaps({
  inputs: [x, dy],
  outputs: [dweight],
  attrs,
}: KernelNode): KernelCall['uniforms'] {
  const w = windowOf(attrs, 2);
  const [, channels, sourceH, sourceW] = x.shape;
  const [, outChannels, targetH, targetW] = dy.shape;
  const [, , kh, kw] = dweight.shape;
  return [
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
  ];
}
