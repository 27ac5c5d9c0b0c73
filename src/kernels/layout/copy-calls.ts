import { elementCount, stridesOf, type Value } from '../../ir/graph.ts';
import type { ElementOf, KernelCall, UniformType } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import { ranked } from '../choose.ts';
import { perThread } from '../threads.ts';
import type { Candidate, KernelContext } from '../variant.ts';
import { elementLines, scatterOf } from './copy-elements.ts';
import { type CopyAxis, mergeAxes, type StridedCopy } from './strided-copy.ts';

/** The ways to fill `y` from `x`: variants of the ops that copy, and of copies within what other ops do. */
export function copyCandidates(target: Target, x: Value, y: Value, copy: StridedCopy): Candidate[] {
  const transposed = transposedCall(target, x, y, copy);
  return [
    { name: 'plain', needs: {}, cost: 2, calls: () => [plainCall(target, x, y, copy)] },
    { name: 'rows', needs: { kind: 'cpu' }, cost: 1, calls: () => [rowsCall(target, x, y, copy)] },
    ...(transposed
      ? [{ name: 'transposed', needs: { kind: 'cpu' as const }, cost: 0, calls: () => [transposed] }]
      : []),
  ];
}

/** The dispatches that fill `y` from `x`, as is best for the target. */
export function copyCalls(c: KernelContext, x: Value, y: Value, copy: StridedCopy): KernelCall[] {
  return ranked(copyCandidates(c.target, x, y, copy), c.target)[0].candidate.calls(c);
}

/** Each thread takes a run of neighbours. The template unrolls over the axes: each number of them is a pipeline of its own. */
function plainCall(target: Target, x: Value, y: Value, copy: StridedCopy): KernelCall {
  const { workgroup, copyRuns } = target.measured;
  const merged = mergeAxes(copy);
  const { axes } = merged;
  const inner = axes[axes.length - 1].size;
  const run = copyRuns.find((n) => inner % n === 0) ?? shortestOver(copyRuns, inner);
  const threads = (elementCount(y.shape) / inner) * Math.ceil(inner / run);
  return {
    template: 'copy',
    options: { ...shapeOf(merged), width: inner % run === 0 ? 4 : 1, workgroup },
    uniforms: [['threads', 'u32', threads], ['run', 'u32', run], ...axisUniforms(merged)],
    workgroups: Math.ceil(threads / workgroup),
    ...moved(target, x, y, merged),
  };
}

/** Rows of neighbours: each thread has a block of the last two axes. */
function rowsCall(target: Target, x: Value, y: Value, copy: StridedCopy): KernelCall {
  const { workgroup } = target.measured;
  const merged = mergeAxes(copy);
  // The template wants two axes.
  const none: CopyAxis = { size: 1, stride: 0, shift: 0, begin: 0, end: 1 };
  const axes = merged.axes.length === 1 ? [none, ...merged.axes] : merged.axes;
  const padded = { ...merged, axes };
  const [next, last] = axes.slice(-2);
  const each = perThread(target);
  const run = last.size <= 2 * each ? last.size : each;
  const rows = Math.min(next.size, Math.max(1, Math.floor(each / run)));
  const blocks = Math.ceil(last.size / run) * Math.ceil(next.size / rows);
  const threads = (elementCount(y.shape) / (last.size * next.size)) * blocks;
  return {
    template: 'copy_rows',
    options: { ...shapeOf(padded), unit: last.stride === 1, workgroup },
    uniforms: [
      ['threads', 'u32', threads],
      ['run', 'u32', run],
      ['rows', 'u32', rows],
      ...axisUniforms(padded),
    ],
    workgroups: Math.ceil(threads / workgroup),
    ...moved(target, x, y, padded),
  };
}

/** Elements along each side of a block that is turned over at once: full cache lines on both. */
const BLOCK = 16;
/** Strides that are multiples of it, in elements, share places in the first cache. */
const ALIASED = 1024;

/** By 4×4 turned over, where other elements than the last axis' lie side by side in the source; else `undefined`. */
function transposedCall(target: Target, x: Value, y: Value, copy: StridedCopy): KernelCall | undefined {
  const { workgroup } = target.measured;
  const merged = mergeAxes(copy);
  const { axes, base } = merged;
  const { rolled, bounded } = shapeOf(merged);
  const last = axes[axes.length - 1];
  const across = axes.findIndex((a) => a.stride === 1);
  if (
    rolled ||
    bounded ||
    base < 0 ||
    last.stride <= 1 ||
    across < 0 ||
    axes[across].size < 4 ||
    last.size < 4
  )
    return undefined;
  const strides = stridesOf(axes.map((a) => a.size));
  const others = axes.flatMap((a, k) => (k === across || a === last ? [] : [{ ...a, to: strides[k] }]));
  if (others.some((a) => a.stride < 0)) return undefined;
  const { size: width } = axes[across];
  const each = perThread(target);
  // Lines of the side that aliases are gone before they are met again: they are taken to their end.
  const columns = strides[across] % ALIASED === 0 && last.stride % ALIASED !== 0;
  const wide = Math.min(width, BLOCK);
  const run = Math.min(last.size, Math.max(BLOCK, Math.floor(each / wide / BLOCK) * BLOCK));
  const threads =
    (elementCount(y.shape) / (width * last.size)) * Math.ceil(width / wide) * Math.ceil(last.size / run);
  return {
    template: 'copy_transposed',
    options: { rank: axes.length, columns, workgroup },
    uniforms: [
      ['threads', 'u32', threads],
      ['run', 'u32', run],
      ['wide', 'u32', wide],
      ['length', 'u32', last.size],
      ['width', 'u32', width],
      ['down', 'u32', last.stride],
      ['right', 'u32', strides[across]],
      ['origin', 'u32', base],
      ...others.flatMap((a, k): [string, UniformType, number][] => [
        [`count${k}`, 'u32', a.size],
        [`from${k}`, 'u32', a.stride],
        [`to${k}`, 'u32', a.to],
      ]),
      ...axisUniforms(merged),
    ],
    workgroups: Math.ceil(threads / workgroup),
    ...moved(target, x, y, merged),
    // It loads by vectors, outside of a loop along them.
    reads: [{ name: 'x', value: x }],
  };
}

/** What changes the text of a copy. */
function shapeOf({ axes }: StridedCopy) {
  return {
    rank: axes.length,
    rolled: axes.some((a) => a.shift),
    bounded: axes.some((a) => (a.begin ?? 0) > 0 || (a.end ?? a.size) < a.size),
  };
}

function axisUniforms(copy: StridedCopy): [string, UniformType, number][] {
  const { rolled, bounded } = shapeOf(copy);
  const uniforms: [string, UniformType, number][] = [['base', 'i32', copy.base]];
  copy.axes.forEach((a, k) => {
    uniforms.push([`size${k}`, 'u32', a.size], [`stride${k}`, 'i32', a.stride]);
    if (rolled) uniforms.push([`shift${k}`, 'u32', a.shift ?? 0]);
    if (bounded) {
      uniforms.push([`begin${k}`, 'u32', Math.max(a.begin ?? 0, 0)]);
      uniforms.push([`end${k}`, 'u32', Math.min(a.end ?? a.size, a.size)]);
    }
  });
  return uniforms;
}

/**
 * What a call reads and writes, and how single elements of it are found, by the uniforms of {@link axisUniforms}. As
 * WebAssembly nothing else moves them but where neighbours stay neighbours: vectors are worth more than a dispatch.
 */
function moved({ kind }: Target, x: Value, y: Value, copy: StridedCopy) {
  const { axes, base } = copy;
  const { rank, rolled, bounded } = shapeOf(copy);
  const once = axes.some((a) => a.stride === 0 && a.size > 1) ? undefined : ('once' as const);
  const rows = kind === 'cpu';
  const apart = rows && (rolled || bounded || axes[rank - 1].stride !== 1);
  return {
    reads: [{ name: 'x', value: x, loads: once }],
    writes: [{ name: 'y', value: y }],
    ...(y.dtype === 'f32' && {
      fusable: 'y',
      element: apart
        ? undefined
        : {
            loads: 1,
            divisions: rank - 1,
            divisionsApart: 0,
            lines: (e: Parameters<ElementOf['lines']>[0]) => elementLines(rank, rolled, bounded, rows, e),
          },
      scatter: rolled || bounded ? undefined : scatterOf(axes, base, elementCount(x.shape), rows),
    }),
  };
}

/** The shortest run that holds `n` elements, else the longest. */
function shortestOver(runs: readonly number[], n: number): number {
  return runs.findLast((run) => run >= n) ?? runs[0];
}
