import type { KernelCall } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import { costOf } from '../cost.ts';
import type { KernelContext } from '../variant.ts';
import {
  bindings,
  groupsFor,
  type ScanSizes,
  ScratchRanges,
  scanSizes,
  sizeUniforms,
  TILE,
} from './sizes.ts';

/** Blocks of steps in a chunk, and chunks. */
export function chunking(
  { measured: { scan } }: Target,
  { planes, tiles, length }: Pick<ScanSizes, 'planes' | 'tiles' | 'length'>,
): { blocks: number; chunks: number } {
  const allBlocks = Math.ceil(length / scan.steps);
  const wanted = Math.ceil(scan.wantedThreads / (planes * tiles));
  const blocks = Math.min(allBlocks, Math.max(scan.leastBlocks, Math.ceil(allBlocks / wanted)));
  return { blocks, chunks: Math.ceil(allBlocks / blocks) };
}

/** Cost of {@link chunked}. */
export function chunkedCost(s: ScanSizes, target: Target): number {
  const { chunks } = chunking(target, s);
  const states = s.planes * s.tiles * TILE * s.length * s.states;
  const passes = chunks > 1 ? 2 : 1;
  return costOf(target, {
    // The exponential counts as much as 4 multiply-adds; four channels share what they load of B and C.
    multiplyAdds: 7 * passes * states,
    loads: (passes + 1) * (states / TILE) + 2 * passes * (states / s.states),
    threads: s.planes * s.tiles * chunks,
    dispatches: passes + 1,
  });
}

/**
 * Two dispatches, three where the sequence is split into chunks: what each chunk hands on, the hand-over from
 * chunk to chunk, and the result of each chunk from the state it was handed. Scratch memory: one number a
 * state, channel and chunk.
 */
export function chunked(c: KernelContext): KernelCall[] {
  const [u, delta, aLog, b, cc, d, bias] = c.inputs;
  const [y] = c.outputs;
  const { workgroup, steps } = c.target.measured.scan;
  const s = scanSizes(c);
  const { blocks, chunks } = chunking(c.target, s);
  const rows = s.planes * s.depth;
  const channels = s.groups * s.depth;
  const ranges = new ScratchRanges();
  const at = {
    a_at: ranges.take(channels * s.states),
    d_at: ranges.take(channels),
    bias_at: ranges.take(channels),
    sum_at: ranges.take(rows * chunks),
    h_at: ranges.take(rows * s.states * chunks),
  };
  const scratch = c.scratch([ranges.elements]);
  const place = (...names: (keyof typeof at)[]) => names.map((n) => [n, 'u32', at[n]] as const);
  const all = { first: 0, planes: s.planes, offset: 0, span: s.depth };
  const shared = [...sizeUniforms(s, all), ['chunks', 'u32', chunks]] as const;
  const softplus = c.attrs['delta_softplus'] as boolean;
  const functions = softplus ? 'softplus4 scan_tile' : 'scan_tile';
  const scratchBinding = { name: 'scratch', value: scratch, readWrite: true };
  const threads = s.planes * s.tiles * chunks;
  // Nothing is handed on by the last chunk.
  const carriers = s.planes * s.tiles * (chunks - 1);
  const carry: KernelCall = {
    template: 'scan_carry',
    options: { workgroup, steps, softplus, reverse: false, functions },
    uniforms: [
      ...shared,
      ['threads', 'u32', carriers],
      ['carried', 'u32', chunks - 1],
      ['blocks', 'u32', blocks],
      ...place('sum_at', 'h_at'),
    ],
    reads: bindings(['u', 'delta', 'A_log', 'B', 'delta_bias'], [u, delta, aLog, b, bias]),
    writes: [scratchBinding],
    workgroups: groupsFor(c, carriers),
  };
  const combine: KernelCall = {
    template: 'scan_combine',
    options: { workgroup, reverse: false },
    uniforms: [
      ...shared,
      ['threads', 'u32', rows * s.states],
      ...place('a_at', 'd_at', 'bias_at', 'sum_at', 'h_at'),
    ],
    reads: bindings(['A_log', 'D', 'delta_bias'], [aLog, d, bias]),
    writes: [scratchBinding],
    workgroups: groupsFor(c, rows * s.states),
  };
  const output: KernelCall = {
    template: 'scan_output',
    options: { workgroup, steps, softplus, functions },
    uniforms: [
      ...shared,
      ['threads', 'u32', threads],
      ['blocks', 'u32', blocks],
      ...place('a_at', 'd_at', 'bias_at', 'h_at'),
    ],
    reads: bindings(['u', 'delta', 'B', 'C'], [u, delta, b, cc]),
    writes: [scratchBinding, { name: 'y', value: y }],
    workgroups: groupsFor(c, threads),
    fusable: 'y',
  };
  return chunks > 1 ? [carry, combine, output] : [combine, output];
}
