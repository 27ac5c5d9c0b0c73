import type { KernelCall } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import { costOf } from '../cost.ts';
import type { KernelContext, Needs } from '../variant.ts';
import { bindings, type ScanSizes, scanSizes } from './sizes.ts';

const THREADS = 64;
/** States that lanes may hold, the fewest that suffice. */
const LANES = [4, 8, 16];

/** Lanes of a channel; `undefined` where it has more states than that. */
export function lanesFor({ states }: ScanSizes): number | undefined {
  return LANES.find((lanes) => lanes >= states);
}

function tiling({ planes, depth }: ScanSizes, lanes: number) {
  const tiles = Math.ceil((depth * lanes) / THREADS);
  return { tiles, workgroups: planes * tiles };
}

export function stateLanesNeeds(lanes: number): Needs {
  return {
    limits: {
      maxComputeInvocationsPerWorkgroup: THREADS,
      maxComputeWorkgroupSizeX: THREADS,
      maxComputeWorkgroupStorageSize: 4 * (2 * THREADS + 2 * lanes * lanes + (THREADS + 1) * lanes),
    },
  };
}

export function stateLanesCost(s: ScanSizes, lanes: number, target: Target): number {
  const { workgroups } = tiling(s, lanes);
  const threads = THREADS * workgroups;
  return costOf(target, {
    // The exponential counts as much as 4 multiply-adds.
    multiplyAdds: 8 * threads * s.length,
    loads: (2 * threads * s.length) / lanes + 2 * workgroups * lanes * s.length,
    shared: 5 * threads * s.length,
    barriers: 3 * workgroups * Math.ceil(s.length / lanes),
    threads,
  });
}

/** One dispatch: a lane keeps one state of one channel and walks along the sequence. */
export function stateLanes(c: KernelContext, lanes: number): KernelCall[] {
  const [u, delta, aLog, b, cc, d, bias] = c.inputs;
  const s = scanSizes(c);
  const { tiles, workgroups } = tiling(s, lanes);
  const softplus = c.attrs['delta_softplus'] as boolean;
  return [
    {
      template: 'scan_lanes',
      options: { states: lanes, softplus, functions: softplus ? 'softplus' : '' },
      uniforms: [
        ['planes', 'u32', s.planes],
        ['tiles', 'u32', tiles],
        ['groups', 'u32', s.groups],
        ['depth', 'u32', s.depth],
        ['states', 'u32', s.states],
        ['length', 'u32', s.length],
      ],
      reads: bindings(['u', 'delta', 'A_log', 'B', 'C', 'D', 'delta_bias'], [u, delta, aLog, b, cc, d, bias]),
      writes: [{ name: 'y', value: c.outputs[0] }],
      workgroups: workgroups,
      fusable: 'y',
    },
  ];
}
