import type { KernelCall } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import { costOf } from '../cost.ts';
import type { KernelContext } from '../variant.ts';
import {
  bindings,
  groupsFor,
  type ScanSizes,
  type ScanSlice,
  ScratchRanges,
  scanSizes,
  sizeUniforms,
  TILE,
  tilesOf,
} from './sizes.ts';

/** Channels over which a thread sums the gradients of B and C. */
const PART = 32;

/** Cost of {@link chunkedBackward}. */
export function chunkedBackwardCost(s: ScanSizes, steps: number, target: Target): number {
  const states = s.planes * s.depth * s.length * s.states;
  const chunks = Math.ceil(s.length / steps);
  return costOf(target, {
    multiplyAdds: 24 * states,
    // B and C in two passes, shared by four channels; what is handed over is written once and read twice.
    loads: states + (6 * states) / steps,
    threads: s.planes * Math.ceil(s.depth / PART) * chunks,
    dispatches: chunks > 1 ? 4 : 3,
  });
}

/**
 * Four dispatches, three where the sequence is one chunk: what each chunk hands on in both directions, the
 * hand-over from chunk to chunk, the gradients within each chunk, and the sums of their parts.
 *
 * Scratch memory of B·G·D channels: 2 N / `steps` numbers a channel and time step (states handed over), and
 * 2 N / 32 (parts of the gradients of B and C). Where that is more than `scratchShare` times `u`, or than a
 * binding holds, it is done in slices one after the other: fewer pairs of image and group at a time, then fewer
 * channels of a single pair. 32 channels of a pair are the least, 10 N numbers a time step.
 */
export function chunkedBackward(c: KernelContext, steps: number): KernelCall[] {
  const s = scanSizes(c);
  const most = Math.min(
    Math.floor(c.target.limits.maxStorageBufferBindingSize / 4),
    c.target.measured.scan.scratchShare * s.planes * s.depth * s.length,
  );
  const fits = (planes: number, span: number) => layout(steps, s, { planes, span }).elements <= most;
  const planes = largestShare(s.planes, (n) => fits(n, s.depth));
  const parts = largestShare(Math.ceil(s.depth / PART), (n) => fits(planes, Math.min(n * PART, s.depth)));
  const span = Math.min(parts * PART, s.depth);
  const scratch = c.scratch([layout(steps, s, { planes, span }).elements]);
  const calls: KernelCall[] = [];
  for (let first = 0; first < s.planes; first += planes) {
    for (let offset = 0; offset < s.depth; offset += span) {
      const slice = {
        first,
        planes: Math.min(planes, s.planes - first),
        offset,
        span: Math.min(span, s.depth - offset),
      };
      calls.push(...sliceCalls(c, steps, s, slice, scratch));
    }
  }
  return calls;
}

/** How many of `total` to take at a time: the fewest equal shares that fit, one at the least. */
function largestShare(total: number, fits: (share: number) => boolean): number {
  let shares = 1;
  while (shares < total && !fits(Math.ceil(total / shares))) shares++;
  return Math.ceil(total / shares);
}

function layout(steps: number, s: ScanSizes, { planes, span }: Pick<ScanSlice, 'planes' | 'span'>) {
  const chunks = Math.ceil(s.length / steps);
  const parts = Math.ceil(span / PART);
  const rows = planes * span;
  const channels = s.groups * s.depth;
  const ranges = new ScratchRanges();
  const at = {
    a_at: ranges.take(channels * s.states),
    d_at: ranges.take(channels),
    bias_at: ranges.take(channels),
    // Sum of dt at first, then the part of D's gradient.
    sum_at: ranges.take(rows * chunks),
    dbias_at: ranges.take(rows * chunks),
    // States handed over at first, then the part of A's gradient.
    h_at: ranges.take(rows * s.states * chunks),
    g_at: ranges.take(rows * s.states * chunks),
    b_at: ranges.take(parts * planes * s.states * s.length),
    c_at: ranges.take(parts * planes * s.states * s.length),
  };
  return { at, chunks, parts, rows, elements: ranges.elements };
}

/** The dispatches for one slice. */
function sliceCalls(
  c: KernelContext,
  steps: number,
  s: ScanSizes,
  slice: ScanSlice,
  scratch: KernelContext['inputs'][number],
): KernelCall[] {
  const [u, delta, aLog, b, cc, d, bias, dy] = c.inputs;
  const { workgroup } = c.target.measured.scan;
  const { planes } = slice;
  const { at, chunks, parts, rows } = layout(steps, s, slice);
  const place = (...names: (keyof typeof at)[]) => names.map((n) => [n, 'u32', at[n]] as const);
  const softplus = c.attrs['delta_softplus'] as boolean;
  const functions = softplus ? 'softplus4 scan_tile' : 'scan_tile';
  const shared = [...sizeUniforms(s, slice), ['chunks', 'u32', chunks]] as const;
  const scratchBinding = { name: 'scratch', value: scratch, readWrite: true };
  const walkers = planes * tilesOf(slice.span) * chunks;
  const summers = planes * parts * chunks;
  const reducers = planes * s.states * s.length + s.groups * s.depth * (s.states + 1);
  const carry: KernelCall = {
    template: 'scan_carry',
    options: { workgroup, steps, softplus, reverse: true, functions },
    uniforms: [
      ...shared,
      ['threads', 'u32', walkers],
      ['carried', 'u32', chunks],
      ['blocks', 'u32', 1],
      ...place('sum_at', 'h_at', 'g_at'),
    ],
    reads: bindings(['u', 'delta', 'A_log', 'B', 'C', 'delta_bias', 'dy'], [u, delta, aLog, b, cc, bias, dy]),
    writes: [scratchBinding],
    workgroups: groupsFor(c, walkers),
  };
  const combine: KernelCall = {
    template: 'scan_combine',
    options: { workgroup, reverse: true },
    uniforms: [
      ...shared,
      ['threads', 'u32', rows * s.states],
      ...place('a_at', 'd_at', 'bias_at', 'sum_at', 'h_at', 'g_at'),
    ],
    reads: bindings(['A_log', 'D', 'delta_bias'], [aLog, d, bias]),
    writes: [scratchBinding],
    workgroups: groupsFor(c, rows * s.states),
  };
  const gradient: KernelCall = {
    template: 'scan_gradient',
    options: { workgroup, steps, softplus, functions },
    uniforms: [
      ...shared,
      ['threads', 'u32', summers],
      ['planes', 'u32', planes],
      ['parts', 'u32', parts],
      ['tiles_per_part', 'u32', PART / TILE],
      ...place('a_at', 'd_at', 'bias_at', 'sum_at', 'dbias_at', 'h_at', 'g_at', 'b_at', 'c_at'),
    ],
    reads: bindings(['u', 'delta', 'B', 'C', 'dy'], [u, delta, b, cc, dy]),
    writes: [scratchBinding, ...bindings(['du', 'ddelta'], c.outputs)],
    workgroups: groupsFor(c, summers),
  };
  const reduce: KernelCall = {
    template: 'scan_reduce',
    options: { workgroup },
    uniforms: [
      ...shared,
      ['planes', 'u32', planes],
      ['parts', 'u32', parts],
      ...place('sum_at', 'dbias_at', 'h_at', 'b_at', 'c_at'),
    ],
    reads: [{ name: 'A_log', value: aLog }],
    writes: [
      scratchBinding,
      ...bindings(['dA_log', 'dB', 'dC', 'dD', 'ddelta_bias'], c.outputs.slice(2)).map((w) => ({
        ...w,
        readWrite: slice.first > 0 || slice.offset > 0,
      })),
    ],
    workgroups: groupsFor(c, reducers),
  };
  return chunks > 1 ? [carry, combine, gradient, reduce] : [combine, gradient, reduce];
}
