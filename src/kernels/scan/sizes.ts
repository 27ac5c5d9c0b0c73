import type { Value } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import type { KernelContext, KernelNode } from '../variant.ts';

type Uniform = KernelCall['uniforms'][number];

/** Channels that a thread takes at a time: they share its loads of B and C, and are one vec4. */
export const TILE = 4;

export interface ScanSizes {
  readonly batch: number;
  readonly groups: number;
  /** Channels of a group. */
  readonly depth: number;
  readonly states: number;
  readonly length: number;
  /** Pairs of image and group, which share B and C. */
  readonly planes: number;
  /** Tiles of {@link TILE} channels in a group. */
  readonly tiles: number;
}

export function scanSizes({ inputs }: KernelNode): ScanSizes {
  const [batch, channels, length] = inputs[0].shape;
  const [, groups, states] = inputs[3].shape;
  const depth = channels / groups;
  return {
    batch,
    groups,
    depth,
    states,
    length,
    planes: batch * groups,
    tiles: tilesOf(depth),
  };
}

/** What a dispatch takes of the planes, and of the channels of each. */
export interface ScanSlice {
  readonly first: number;
  readonly planes: number;
  readonly offset: number;
  readonly span: number;
}

export const tilesOf = (channels: number): number => Math.ceil(channels / TILE);

/** Uniforms that say how the tensors are laid out, and which part of them is meant. */
export function sizeUniforms(s: ScanSizes, { first, offset, span }: ScanSlice): Uniform[] {
  return [
    ['groups', 'u32', s.groups],
    ['depth', 'u32', s.depth],
    ['states', 'u32', s.states],
    ['length', 'u32', s.length],
    ['first', 'u32', first],
    ['offset', 'u32', offset],
    ['span', 'u32', span],
    ['tiles', 'u32', tilesOf(span)],
  ];
}

/** Hands out ranges of one scratch buffer: the kernels would otherwise need more bindings than browsers promise. */
export class ScratchRanges {
  elements = 0;

  take(count: number): number {
    const at = this.elements;
    this.elements += count;
    return at;
  }
}

export const bindings = (names: readonly string[], values: readonly Value[]) =>
  names.map((name, i) => ({ name, value: values[i] }));

export const groupsFor = (c: KernelContext, threads: number): number =>
  Math.ceil(threads / c.target.measured.scan.workgroup);
