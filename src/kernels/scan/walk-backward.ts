import type { KernelCall } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import { costOf } from '../cost.ts';
import type { KernelContext, Needs } from '../variant.ts';
import { bindings, type ScanSizes, ScratchRanges, scanSizes } from './sizes.ts';
import { packCall, packedSizes, stateVectors } from './walk.ts';

/** Channels over which a thread sums the gradients of B and C, at most. */
const CHANNELS = 16;
/** Steps of a block: what is known of each of them lies in workgroup memory. */
const STEPS = 32;
/** All states of a step are in registers. */
export const MOST_STATES = 16;
/** Steps of a plane, and channels, that a thread of `scan_sums` takes. */
const SUMMED_STEPS = 64;
const SUMMED_CHANNELS = 16;

/**
 * Channels of a thread, and parts of a plane's channels: enough of them to keep the target busy, as long as the parts' sums
 * and the states that blocks begin with are no more than `scratchShare` times `u`.
 */
function tiling(s: ScanSizes, { measured }: Target): { span: number; parts: number } {
  const { padded } = stateVectors(s);
  const wanted = Math.max(Math.ceil(s.depth / CHANNELS), Math.ceil(measured.rates.threads / s.planes));
  const share = measured.scan.scratchShare - padded / STEPS;
  const most = Math.floor((share * s.depth) / (2 * padded));
  const span = Math.min(CHANNELS, Math.ceil(s.depth / Math.max(1, Math.min(wanted, most))));
  return { span, parts: Math.ceil(s.depth / span) };
}

export function walkBackwardNeeds(s: ScanSizes): Needs {
  const { vectors } = stateVectors(s);
  const bySteps = 5 + 4 * vectors + 0.5;
  return {
    kind: 'cpu',
    limits: { maxComputeWorkgroupStorageSize: 16 * (STEPS * bySteps + CHANNELS * (2 * vectors + 2)) },
  };
}

export function walkBackwardCost(s: ScanSizes, target: Target): number {
  const { padded } = stateVectors(s);
  const { parts } = tiling(s, target);
  const rows = s.planes * s.depth * s.length;
  return costOf(target, {
    multiplyAdds: rows * (12 * padded + 24),
    loads: rows * padded,
    threads: s.planes * parts,
    dispatches: 3,
  });
}

/**
 * Three dispatches: A, B and C laid out anew; the gradients of u and delta, and of all else by parts of the channels; sums.
 * Scratch memory of B·G·D channels and L steps: 2 N numbers a step for each part of at most 16 channels, N / 32 a channel
 * and step.
 */
export function walkBackward(c: KernelContext): KernelCall[] {
  const [u, delta, aLog, b, cc, d, bias, dy] = c.inputs;
  const [du, ddelta, daLog, db, dc, dd, dbias] = c.outputs;
  const s = scanSizes(c);
  const { vectors, padded } = stateVectors(s);
  const { span, parts } = tiling(s, c.target);
  const blocks = Math.ceil(s.length / STEPS);
  const rows = s.planes * s.depth;
  const { aAt, elements } = packedSizes(s);
  const packed = c.scratch([elements]);
  const ranges = new ScratchRanges();
  const at = {
    marks_at: ranges.take(rows * blocks * padded),
    parts_at: ranges.take(parts * s.planes * s.length * 2 * padded),
    sums_at: ranges.take(rows * (padded + 4)),
  };
  const scratch = c.scratch([ranges.elements]);
  const softplus = c.attrs['delta_softplus'] as boolean;
  const sizes: KernelCall['uniforms'] = [
    ['planes', 'u32', s.planes],
    ['parts', 'u32', parts],
    ['groups', 'u32', s.groups],
    ['depth', 'u32', s.depth],
    ['length', 'u32', s.length],
  ];
  const sumBlocks = Math.ceil(s.length / SUMMED_STEPS);
  return [
    packCall(s, aLog, b, cc, packed),
    {
      template: 'scan_walk_gradient',
      options: {
        vectors,
        states: padded,
        channels: CHANNELS,
        steps: STEPS,
        softplus,
        functions: softplus ? 'scan_decay scan_steps' : '',
      },
      uniforms: [
        ...sizes,
        ['span', 'u32', span],
        ['blocks', 'u32', blocks],
        ['a_at', 'u32', aAt],
        ['marks_at', 'u32', at.marks_at],
        ['parts_at', 'u32', at.parts_at],
        ['sums_at', 'u32', at.sums_at],
      ],
      reads: [
        ...bindings(['u', 'delta', 'D', 'delta_bias', 'dy'], [u, delta, d, bias, dy]),
        { name: 'packed', value: packed, vector: true },
      ],
      writes: [
        { name: 'scratch', value: scratch, readWrite: true },
        ...bindings(['du', 'ddelta'], [du, ddelta]),
      ],
      workgroups: s.planes * parts,
    },
    {
      template: 'scan_sums',
      options: { states: padded },
      uniforms: [
        ...sizes,
        ['states', 'u32', s.states],
        ['blocks', 'u32', sumBlocks],
        ['parts_at', 'u32', at.parts_at],
        ['sums_at', 'u32', at.sums_at],
      ],
      reads: [
        { name: 'A_log', value: aLog },
        { name: 'scratch', value: scratch, vector: true },
      ],
      writes: bindings(['dA_log', 'dB', 'dC', 'dD', 'ddelta_bias'], [daLog, db, dc, dd, dbias]),
      workgroups: s.planes * sumBlocks + Math.ceil((s.groups * s.depth) / SUMMED_CHANNELS),
    },
  ];
}
