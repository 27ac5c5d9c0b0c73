import { resolveAxes } from '../../ir/axis.ts';
import { elementCount, stridesOf, type Value } from '../../ir/graph.ts';
import type { KernelCall, UniformType } from '../../ir/kernel.ts';
import { mergeRuns, paddedRuns, type Run, runLength } from '../../ir/runs.ts';
import type { Target } from '../../ir/target.ts';
import { copyCalls } from '../layout/copy-calls.ts';
import { threadsOf } from '../threads.ts';
import { type KernelContext, type KernelFamily, onlyVariant } from '../variant.ts';

type Uniform = readonly [string, UniformType, number];

/** Largest number of groups of reduced (or kept) axes that the template walks; neighbours merge into one. */
const MAX_RUNS = 3;

/**
 * Sums over any axes of any rank. A long sum is split over threads whose partial sums the same kernel adds up in
 * further passes, in an order that depends on shapes alone.
 */
export const sum: KernelFamily = onlyVariant(
  'A thread a sum, as WebAssembly by vectors; a long one is split over threads, whose sums further passes add up.',
  lowerReduction,
);

function lowerReduction(c: KernelContext): KernelCall[] {
  const [x] = c.inputs;
  const [y] = c.outputs;
  const at = resolveAxes(c.attrs['axes'] as readonly number[], x.shape.length);
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
    ...copyCalls(c, x, together, { base: 0, axes: sources }),
    ...reductionPasses(
      c,
      together,
      y,
      [{ size: elementCount(y.shape), strides: [length] }],
      [{ size: length, strides: [1] }],
    ),
  ];
}

/** The passes that sum the `reduced` runs of x for each element of the `kept` ones (at most three each). */
export function reductionPasses(
  c: KernelContext,
  x: Value,
  y: Value,
  kept: readonly Run[],
  reduced: readonly Run[],
): KernelCall[] {
  const count = elementCount(y.shape);
  // The longest run is the one that threads share.
  const red = paddedRuns(
    [...reduced].sort((a, b) => a.size - b.size),
    MAX_RUNS,
    1,
  );
  const keep = paddedRuns(kept, MAX_RUNS, 1);
  const [, , last] = red;
  const contiguous = last.strides[0] === 1;
  const length = runLength(red);
  const template = templateOf(c.target, keep[2], contiguous);
  // A thread of `reduce_columns` has some sums side by side.
  const lanes = template === 'reduce_columns' ? LANES : 1;
  const sums = (count / keep[2].size) * Math.ceil(keep[2].size / lanes);
  const { parts, team, chunk } = tilingOf(c.target, sums, lanes * length, last.size, contiguous);
  const workgroup = threadsOf(c.target, lanes * (length / last.size) * chunk);
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
      uniforms.push([`${prefix}_size${i}`, 'u32', r.size], [`${prefix}_stride${i}`, 'u32', r.strides[0]]);
    });
  }
  const target = parts === 1 ? y : c.scratch([count * parts]);
  const call: KernelCall = {
    template,
    options: { workgroup },
    uniforms,
    reads: [{ name: 'x', value: x, loads: 'once' }],
    writes: [{ name: 'y', value: target }],
    workgroups: Math.ceil((sums * parts) / workgroup),
    fusable: 'y',
  };
  if (parts === 1) return [call];
  const [stride, partStride] = contiguous ? [parts, 1] : [1, count];
  const more = reductionPasses(
    c,
    target,
    y,
    [{ size: count, strides: [stride] }],
    [{ size: parts, strides: [partStride] }],
  );
  const adds = [{ from: target, to: y, parts, partStride, first: 0, stride }];
  return [{ ...call, fusable: undefined }, ...(more.length === 1 ? [{ ...more[0], adds }] : more)];
}

/** Sums side by side that a thread of `reduce_columns` has. */
const LANES = 16;

/** As WebAssembly by vectors along what is summed or along what is kept, whichever lies side by side. */
function templateOf({ kind }: Target, kept: Run, contiguous: boolean): string {
  if (kind !== 'cpu') return 'reduce';
  if (contiguous) return 'reduce_rows';
  return kept.strides[0] === 1 && kept.size >= 4 ? 'reduce_columns' : 'reduce';
}

interface Tiling {
  /** Threads that share one sum. */
  readonly parts: number;
  /** Threads that take turns in one chunk of the last run. */
  readonly team: number;
  readonly chunk: number;
}

/** How `count` sums of `length` elements are shared; `last` of them are in the run that can be. */
function tilingOf(
  { measured: { reduction, team } }: Target,
  count: number,
  length: number,
  last: number,
  contiguous: boolean,
): Tiling {
  const whole = { parts: 1, team: 1, chunk: last };
  if (length <= reduction.longestAlone || count >= reduction.mostThreads) return whole;
  if (contiguous) {
    const perThread = Math.min(reduction.mostPerThread, Math.ceil((count * last) / reduction.mostThreads));
    const least = Math.ceil((reduction.leastPerThread * last) / length);
    const teams = Math.ceil(last / (team * Math.max(perThread, least)));
    return { parts: team * teams, team, chunk: Math.ceil(last / teams) };
  }
  const parts = Math.min(
    last,
    Math.floor(length / reduction.leastPerThread),
    Math.floor(reduction.mostThreads / count),
  );
  const chunk = Math.ceil(last / Math.max(parts, 1));
  // Splitting a sum in two or three costs a dispatch and gains little.
  return parts < 4 ? whole : { parts: Math.ceil(last / chunk), team: 1, chunk };
}

/** Axes for which `wanted` holds, neighbours merged. */
function runsOf(shape: readonly number[], wanted: (axis: number) => boolean): Run[] {
  const strides = stridesOf(shape);
  const axes = shape.map((size, i) => ({ size, strides: [strides[i]] }));
  return mergeRuns(axes.filter((_, i) => wanted(i)));
}
