import { elementCount, stridesOf, type Value } from '../../ir/graph.ts';
import type { KernelCall, LowerContext, UniformType } from '../../ir/kernel.ts';
import { copyCall } from '../layout/strided-copy.ts';
import { normaliseAxes } from './axes.ts';
import { TEAM } from './chunks.ts';

type Uniform = readonly [string, UniformType, number];

interface Run {
  readonly size: number;
  readonly stride: number;
}

/** Largest number of groups of reduced (or kept) axes that the template walks; neighbours merge into one. */
const MAX_RUNS = 3;
const WORKGROUP = 64;
/** A sum up to this length is one thread's: a second pass would cost more. */
const LONGEST_ALONE = 512;
/** Elements a thread of the first pass sums at least. */
const LEAST_PER_THREAD = 64;
/** ... and at most, where a team shares a chunk: so that the chunk (16 KiB) stays in the cache between its lanes. */
const MOST_PER_THREAD = 256;
/** More threads than this only make the second pass longer. */
const MOST_THREADS = 16384;

/**
 * Sums over any axes of any rank. A long sum is split over threads whose partial sums the same kernel adds up in
 * further passes, in an order that depends on shapes alone.
 */
export function lowerReduction(c: LowerContext, axes: readonly number[]): KernelCall[] {
  const [x] = c.inputs;
  const [y] = c.outputs;
  const at = normaliseAxes(axes, x.shape.length);
  const kept = runsOf(x.shape, (i) => !at.includes(i));
  const reduced = runsOf(x.shape, (i) => at.includes(i));
  if (kept.length <= MAX_RUNS && reduced.length <= MAX_RUNS) return reductionPasses(c, x, y, kept, reduced);
  // More runs than the template walks: a copy brings the reduced axes together behind the others.
  const order = [...x.shape.keys()].filter((i) => !at.includes(i)).concat(at);
  const together = c.scratch(order.map((i) => x.shape[i]));
  const strides = stridesOf(x.shape);
  const sources = order.map((i) => ({ size: x.shape[i], stride: strides[i] }));
  const length = at.reduce((n, i) => n * x.shape[i], 1);
  return [
    copyCall(x, together, { base: 0, axes: sources }),
    ...reductionPasses(
      c,
      together,
      y,
      [{ size: elementCount(y.shape), stride: length }],
      [{ size: length, stride: 1 }],
    ),
  ];
}

/** The passes that sum the `reduced` runs of x for each element of the `kept` ones (at most three each). */
export function reductionPasses(
  c: LowerContext,
  x: Value,
  y: Value,
  kept: readonly Run[],
  reduced: readonly Run[],
): KernelCall[] {
  const count = elementCount(y.shape);
  // The longest run is the one that threads share.
  const red = padded([...reduced].sort((a, b) => a.size - b.size));
  const keep = padded(kept);
  const contiguous = red[2].stride === 1;
  const length = red[0].size * red[1].size * red[2].size;
  const { parts, team, chunk } = tilingOf(count, length, red[2].size, contiguous);
  const uniforms: Uniform[] = [
    ['count', 'u32', count],
    ['parts', 'u32', parts],
    ['team', 'u32', team],
    ['chunk', 'u32', chunk],
    ['keep_divisor', 'u32', contiguous ? parts : 1],
    ['part_divisor', 'u32', contiguous ? 1 : count],
  ];
  for (const [prefix, list] of [
    ['keep', keep],
    ['red', red],
  ] as const) {
    list.forEach((r, i) => {
      uniforms.push([`${prefix}_size${i}`, 'u32', r.size], [`${prefix}_stride${i}`, 'u32', r.stride]);
    });
  }
  const target = parts === 1 ? y : c.scratch([count * parts]);
  const call: KernelCall = {
    template: 'reduce',
    options: { workgroup: WORKGROUP },
    uniforms,
    reads: [{ name: 'x', value: x }],
    writes: [{ name: 'y', value: target }],
    workgroups: [Math.ceil((count * parts) / WORKGROUP), 1, 1],
    fusable: 'y',
  };
  if (parts === 1) return [call];
  return [
    { ...call, fusable: undefined },
    ...reductionPasses(
      c,
      target,
      y,
      [{ size: count, stride: contiguous ? parts : 1 }],
      [{ size: parts, stride: contiguous ? 1 : count }],
    ),
  ];
}

interface Tiling {
  /** Threads that share one sum. */
  readonly parts: number;
  /** Threads that take turns in one chunk of the last run. */
  readonly team: number;
  readonly chunk: number;
}

/** How `count` sums of `length` elements are shared; `last` of them are in the run that can be. */
function tilingOf(count: number, length: number, last: number, contiguous: boolean): Tiling {
  const whole = { parts: 1, team: 1, chunk: last };
  if (length <= LONGEST_ALONE || count >= MOST_THREADS) return whole;
  if (contiguous) {
    const perThread = Math.min(MOST_PER_THREAD, Math.ceil((count * last) / MOST_THREADS));
    const least = Math.ceil((LEAST_PER_THREAD * last) / length);
    const teams = Math.ceil(last / (TEAM * Math.max(perThread, least)));
    return { parts: TEAM * teams, team: TEAM, chunk: Math.ceil(last / teams) };
  }
  const parts = Math.min(last, Math.floor(length / LEAST_PER_THREAD), Math.floor(MOST_THREADS / count));
  const chunk = Math.ceil(last / Math.max(parts, 1));
  // Splitting a sum in two or three costs a dispatch and gains little.
  return parts < 4 ? whole : { parts: Math.ceil(last / chunk), team: 1, chunk };
}

/** Axes for which `wanted` holds as (size, stride), neighbours merged. */
function runsOf(shape: readonly number[], wanted: (axis: number) => boolean): Run[] {
  const strides = stridesOf(shape);
  const runs: Run[] = [];
  shape.forEach((size, i) => {
    if (!wanted(i) || size === 1) return;
    const last = runs.at(-1);
    if (last && last.stride === strides[i] * size) {
      runs[runs.length - 1] = { size: last.size * size, stride: strides[i] };
    } else runs.push({ size, stride: strides[i] });
  });
  return runs;
}

function padded(runs: readonly Run[]): Run[] {
  const missing = new Array<Run>(MAX_RUNS - runs.length).fill({ size: 1, stride: 0 });
  return [...missing, ...runs];
}
