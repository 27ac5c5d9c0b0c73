import type { KernelCall, LowerContext } from '../../ir/kernel.ts';
import {
  bindings,
  groupsFor,
  type ScanSizes,
  ScratchRanges,
  scanSizes,
  sizeUniforms,
  WORKGROUP,
} from './sizes.ts';

/** Time steps that a thread holds in registers; with 16, lavapipe compiles twice as long for 5 % of speed. */
const STEPS = 8;

/**
 * Chunks are made until there are this many threads; all but the last chunk compute their states twice. 128 keep
 * the lanes of a few CPU cores busy: on 2 cores of lavapipe, chunks made beyond that cost up to 0.7 of the result's
 * own time ([1, 768, 6400], N 16: 63 ms before 89 ms). A GPU would rather have thousands.
 */
const WANTED_THREADS = 128;

/** Blocks of {@link STEPS} steps in a chunk at least, so that chunks are worth their hand-over. */
const MIN_BLOCKS = 8;

/** Blocks of steps in a chunk, and chunks. */
export function chunking({ planes, tiles, length }: Pick<ScanSizes, 'planes' | 'tiles' | 'length'>): {
  blocks: number;
  chunks: number;
} {
  const allBlocks = Math.ceil(length / STEPS);
  const wanted = Math.ceil(WANTED_THREADS / (planes * tiles));
  const blocks = Math.min(allBlocks, Math.max(MIN_BLOCKS, Math.ceil(allBlocks / wanted)));
  return { blocks, chunks: Math.ceil(allBlocks / blocks) };
}

/**
 * Two dispatches, three where the sequence is split into chunks: what each chunk hands on, the hand-over from
 * chunk to chunk, and the result of each chunk from the state it was handed. Scratch memory: one number a
 * state, channel and chunk.
 */
export function lowerScan(c: LowerContext): KernelCall[] {
  const [u, delta, aLog, b, cc, d, bias] = c.inputs;
  const [y] = c.outputs;
  const s = scanSizes(c);
  const { blocks, chunks } = chunking(s);
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
    options: { workgroup: WORKGROUP, steps: STEPS, softplus, reverse: false, functions },
    uniforms: [
      ...shared,
      ['threads', 'u32', carriers],
      ['carried', 'u32', chunks - 1],
      ['blocks', 'u32', blocks],
      ...place('sum_at', 'h_at'),
    ],
    reads: bindings(['u', 'delta', 'A_log', 'B', 'delta_bias'], [u, delta, aLog, b, bias]),
    writes: [scratchBinding],
    workgroups: groupsFor(carriers),
  };
  const combine: KernelCall = {
    template: 'scan_combine',
    options: { workgroup: WORKGROUP, reverse: false },
    uniforms: [
      ...shared,
      ['threads', 'u32', rows * s.states],
      ...place('a_at', 'd_at', 'bias_at', 'sum_at', 'h_at'),
    ],
    reads: bindings(['A_log', 'D', 'delta_bias'], [aLog, d, bias]),
    writes: [scratchBinding],
    workgroups: groupsFor(rows * s.states),
  };
  const output: KernelCall = {
    template: 'scan_output',
    options: { workgroup: WORKGROUP, steps: STEPS, softplus, functions },
    uniforms: [
      ...shared,
      ['threads', 'u32', threads],
      ['blocks', 'u32', blocks],
      ...place('a_at', 'd_at', 'bias_at', 'h_at'),
    ],
    reads: bindings(['u', 'delta', 'B', 'C'], [u, delta, b, cc]),
    writes: [scratchBinding, { name: 'y', value: y }],
    workgroups: groupsFor(threads),
    fusable: 'y',
  };
  return chunks > 1 ? [carry, combine, output] : [combine, output];
}
