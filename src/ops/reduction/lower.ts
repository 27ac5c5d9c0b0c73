import { elementCount, stridesOf, type Value } from '../../ir/graph.ts';
import type { KernelCall, LowerContext, UniformType } from '../../ir/kernel.ts';
import { normaliseAxes } from './axes.ts';

type Uniform = readonly [string, UniformType, number];

interface Run {
  readonly size: number;
  readonly stride: number;
}

/** Largest number of groups of reduced (or kept) axes that the template walks; neighbours merge into one. */
const MAX_RUNS = 3;
const WORKGROUP = 64;
/** A thread sums at least so many elements before a second pass pays for its dispatch. */
const LEAST_PER_THREAD = 64;
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
  if (kept.length > MAX_RUNS || reduced.length > MAX_RUNS) {
    throw new Error(`reduction over too many separate axes of [${x.shape}]`);
  }
  return reductionPasses(c, x, y, kept, reduced);
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
  const parts = partsOf(count, red[0].size * red[1].size * red[2].size, red[2].size);
  const contiguous = red[2].stride === 1;
  const uniforms: Uniform[] = [
    ['count', 'u32', count],
    ['parts', 'u32', parts],
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

/** Threads that share one sum of `length` elements, `longest` of them in the run that can be shared. */
function partsOf(count: number, length: number, longest: number): number {
  const most = Math.min(longest, Math.floor(length / LEAST_PER_THREAD), Math.floor(MOST_THREADS / count));
  // Splitting a short sum in two or three costs a dispatch and gains little.
  return most < 4 ? 1 : most;
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
