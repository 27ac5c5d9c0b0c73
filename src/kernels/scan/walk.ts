import type { Value } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import { costOf } from '../cost.ts';
import type { KernelContext, Needs } from '../variant.ts';
import { bindings, type ScanSizes, scanSizes } from './sizes.ts';

/** Channels that a thread takes at most: they share what it reads of B and C, which then comes from the first cache. */
const CHANNELS = 4;
/** Steps that a thread takes of one channel before the next one. */
const STEPS = 64;
/** Vectors of four states that fit registers beside the constants of an exponential. */
const MOST_VECTORS = 4;
/** The states are unrolled. */
export const MOST_STATES = 64;
/** Steps of a plane, and channels, that a thread of `scan_pack` takes. */
const PACKED_STEPS = 64;
const PACKED_CHANNELS = 16;

/** How states are held: as `sets` passes over the steps with `vectors` vectors of four. */
export function stateVectors({ states }: ScanSizes): { vectors: number; sets: number; padded: number } {
  const needed = Math.ceil(states / 4);
  const sets = Math.ceil(needed / MOST_VECTORS);
  const vectors = Math.ceil(needed / sets);
  return { vectors, sets, padded: 4 * vectors * sets };
}

/** Channels of a thread, and threads for the channels of a plane: at least as many in all as keep the target busy. */
function tiling({ planes, depth }: ScanSizes, { measured }: Target): { span: number; tiles: number } {
  const shares = Math.ceil(measured.rates.threads / planes);
  const span = Math.max(1, Math.min(CHANNELS, Math.floor(depth / shares)));
  return { span, tiles: Math.ceil(depth / span) };
}

export const walkNeeds: Needs = { kind: 'cpu' };

export function walkCost(s: ScanSizes, target: Target): number {
  const { padded } = stateVectors(s);
  const { tiles } = tiling(s, target);
  const rows = s.planes * s.depth * s.length;
  return costOf(target, {
    // The exponential counts as much as 2 multiply-adds: it knows that its result is at most 1.
    multiplyAdds: rows * (4 * padded + 8),
    loads: rows * (padded / 4),
    threads: s.planes * tiles,
    dispatches: 2,
  });
}

/** Scratch memory that {@link packCall} fills: steps of all planes, and A of all channels behind them. */
export function packedSizes(s: ScanSizes): { aAt: number; elements: number } {
  const { padded } = stateVectors(s);
  const aAt = 2 * padded * s.planes * s.length;
  return { aAt, elements: aAt + s.groups * s.depth * padded };
}

/** Lays out A, B and C as those read them who hold states in vectors. */
export function packCall(s: ScanSizes, aLog: Value, b: Value, c: Value, packed: Value): KernelCall {
  const blocks = Math.ceil(s.length / PACKED_STEPS);
  return {
    template: 'scan_pack',
    options: { states: stateVectors(s).padded },
    uniforms: [
      ['planes', 'u32', s.planes],
      ['groups', 'u32', s.groups],
      ['depth', 'u32', s.depth],
      ['states', 'u32', s.states],
      ['length', 'u32', s.length],
      ['blocks', 'u32', blocks],
      ['a_at', 'u32', packedSizes(s).aAt],
    ],
    reads: bindings(['A_log', 'B', 'C'], [aLog, b, c]),
    writes: [{ name: 'packed', value: packed }],
    workgroups: s.planes * blocks + Math.ceil((s.groups * s.depth) / PACKED_CHANNELS),
  };
}

/** Two dispatches: A, B and C laid out anew, and the scan, of whole sequences. */
export function walk(c: KernelContext): KernelCall[] {
  const [u, delta, aLog, b, cc, d, bias] = c.inputs;
  const s = scanSizes(c);
  const { vectors, sets, padded } = stateVectors(s);
  const { span, tiles } = tiling(s, c.target);
  const { aAt, elements } = packedSizes(s);
  const packed = c.scratch([elements]);
  const softplus = c.attrs['delta_softplus'] as boolean;
  return [
    packCall(s, aLog, b, cc, packed),
    {
      template: 'scan_walk',
      options: {
        vectors,
        sets,
        states: padded,
        channels: CHANNELS,
        steps: STEPS,
        softplus,
        functions: softplus ? 'scan_decay scan_steps' : '',
      },
      uniforms: [
        ['planes', 'u32', s.planes],
        ['tiles', 'u32', tiles],
        ['span', 'u32', span],
        ['groups', 'u32', s.groups],
        ['depth', 'u32', s.depth],
        ['length', 'u32', s.length],
        ['a_at', 'u32', aAt],
      ],
      reads: [
        ...bindings(['u', 'delta', 'D', 'delta_bias'], [u, delta, d, bias]),
        { name: 'packed', value: packed, vector: true },
      ],
      writes: [{ name: 'y', value: c.outputs[0] }],
      workgroups: s.planes * tiles,
      fusable: 'y',
    },
  ];
}
