import { elementCount, type Shape, stridesOf, type Value } from '../../ir/graph.ts';
import type { ElementOf, KernelCall, ScatterOf, UniformType } from '../../ir/kernel.ts';
import { joinNeighbours } from '../../ir/runs.ts';
import type { Target } from '../../ir/target.ts';

/**
 * One axis of a copy's output. At coordinate `c` the source is read `((c + shift) mod size) · stride`
 * elements further on.
 */
export interface CopyAxis {
  readonly size: number;
  /** In elements of the source; negative where the axis runs backwards. */
  readonly stride: number;
  /** Rotation, 0 ≤ shift < size. */
  readonly shift?: number;
  /** Only coordinates within [begin, end) have a source element; the others are 0. */
  readonly begin?: number;
  readonly end?: number;
}

/** Every element of the output, row-major over `axes`, is an element of the source, or 0. */
export interface StridedCopy {
  readonly axes: readonly CopyAxis[];
  /** Element of the source that the output's coordinate 0 stands for (it may lie outside it, behind a pad). */
  readonly base: number;
}

const isWhole = (a: CopyAxis) => !a.shift && (a.begin ?? 0) <= 0 && (a.end ?? a.size) >= a.size;

/** Drops axes of size 1 and merges neighbours that are one run in the source as well. */
function mergeAxes(copy: StridedCopy): StridedCopy {
  const merged = joinNeighbours(
    copy.axes.filter((axis) => axis.size !== 1 || !isWhole(axis)),
    (outer, inner) =>
      isWhole(inner) && outer.stride === inner.stride * inner.size
        ? {
            size: outer.size * inner.size,
            stride: inner.stride,
            shift: (outer.shift ?? 0) * inner.size,
            begin: (outer.begin ?? 0) * inner.size,
            end: (outer.end ?? outer.size) * inner.size,
          }
        : undefined,
  );
  return { axes: merged.length === 0 ? [{ size: 1, stride: 0 }] : merged, base: copy.base };
}

/** The dispatch that fills `y` from `x`. The template unrolls over the axes: each number of them is a pipeline of its own. */
export function copyCall({ measured }: Target, x: Value, y: Value, copy: StridedCopy): KernelCall {
  const { workgroup, copyRuns } = measured;
  const { axes, base } = mergeAxes(copy);
  const count = elementCount(y.shape);
  const rolled = axes.some((a) => a.shift);
  const bounded = axes.some((a) => (a.begin ?? 0) > 0 || (a.end ?? a.size) < a.size);
  const inner = axes[axes.length - 1].size;
  const run = copyRuns.find((n) => inner % n === 0) ?? shortestOver(copyRuns, inner);
  const threads = (count / inner) * Math.ceil(inner / run);
  const uniforms: [string, UniformType, number][] = [
    ['threads', 'u32', threads],
    ['run', 'u32', run],
    ['base', 'i32', base],
  ];
  axes.forEach((a, k) => {
    uniforms.push([`size${k}`, 'u32', a.size], [`stride${k}`, 'i32', a.stride]);
    if (rolled) uniforms.push([`shift${k}`, 'u32', a.shift ?? 0]);
    if (bounded) {
      uniforms.push([`begin${k}`, 'u32', Math.max(a.begin ?? 0, 0)]);
      uniforms.push([`end${k}`, 'u32', Math.min(a.end ?? a.size, a.size)]);
    }
  });
  return {
    template: 'copy',
    options: { rank: axes.length, rolled, bounded, width: inner % run === 0 ? 4 : 1, workgroup },
    uniforms,
    reads: [
      { name: 'x', value: x, loads: axes.some((a) => a.stride === 0 && a.size > 1) ? undefined : 'once' },
    ],
    writes: [{ name: 'y', value: y }],
    workgroups: Math.ceil(threads / workgroup),
    ...(y.dtype === 'f32' && {
      fusable: 'y',
      element: {
        loads: 1,
        divisions: axes.length - 1,
        divisionsApart: 0,
        lines: (e) => elementLines(axes.length, rolled, bounded, e),
      },
      scatter: rolled || bounded ? undefined : scatterOf(axes, base, elementCount(x.shape)),
    }),
  };
}

/** Where an element of the source goes; `undefined` where that is not found by dividing its place axis by axis. */
function scatterOf(axes: readonly CopyAxis[], base: number, count: number): ScatterOf | undefined {
  const targets = stridesOf(axes.map((a) => a.size));
  const sorted = axes.map((a, k) => ({ ...a, to: targets[k] })).sort((a, b) => b.stride - a.stride);
  if (base < 0 || sorted.some((a) => a.stride <= 0)) return undefined;
  const extents = sorted.map((a, k) =>
    k === 0 ? Math.ceil(count / a.stride) : sorted[k - 1].stride / a.stride,
  );
  if (extents.some((n, k) => !Number.isInteger(n) || sorted[k].size > n)) return undefined;
  const last = sorted[sorted.length - 1];
  const uniforms: [string, UniformType, number][] = base > 0 ? [['base', 'u32', base]] : [];
  sorted.forEach((a, k) => {
    uniforms.push([`stride${k}`, 'u32', a.stride], [`size${k}`, 'u32', a.size], [`to${k}`, 'u32', a.to]);
  });
  return {
    divisions: sorted.length - (last.stride === 1 ? 1 : 0),
    divisionsApart: 0,
    uniforms,
    lines: (p) => {
      const lines = [base > 0 ? `var rest = i - ${p('base')};` : 'var rest = i;'];
      const inside = base > 0 ? [`i >= ${p('base')}`] : [];
      sorted.forEach((a, k) => {
        if (a.stride === 1) lines.push(`let c${k} = rest;`);
        else lines.push(`let c${k} = rest / ${p(`stride${k}`)};`, `rest -= c${k} * ${p(`stride${k}`)};`);
        // Below `base` the places wrap around, and end outside of some axis or of this one.
        if (a.size < extents[k]) inside.push(`c${k} < ${p(`size${k}`)}`);
      });
      if (last.stride > 1) inside.push('rest == 0u');
      return {
        lines,
        inside: inside.length > 0 ? inside.join(' && ') : undefined,
        at: [sorted.map((_, k) => `c${k} * ${p(`to${k}`)}`).join(' + ')],
      };
    },
  };
}

/** Where an element of the copy comes from; the same as the template finds for runs of neighbours. */
function elementLines(
  rank: number,
  rolled: boolean,
  bounded: boolean,
  { load, uniform: p }: Parameters<ElementOf['lines']>[0],
): string[] {
  const lines = [`var rest = i;`, `var at = ${p('base')};`];
  for (let k = rank - 1; k >= 0; k--) {
    const size = p(`size${k}`);
    if (k > 0)
      lines.push(`let up${k} = rest / ${size};`, `let c${k} = rest - up${k} * ${size};`, `rest = up${k};`);
    else lines.push('let c0 = rest;');
    if (bounded)
      lines.push(`if (c${k} < ${p(`begin${k}`)} || c${k} >= ${p(`end${k}`)}) {`, '  return 0.0f;', '}');
    let from = `c${k}`;
    if (rolled) {
      from = `rolled${k}`;
      lines.push(
        `var ${from} = c${k} + ${p(`shift${k}`)};`,
        `${from} = select(${from}, ${from} - ${size}, ${from} >= ${size});`,
      );
    }
    lines.push(`at += i32(${from}) * ${p(`stride${k}`)};`);
  }
  return [...lines, `return ${load('x', 'u32(at)')};`];
}

/** The shortest run that holds `n` elements, else the longest. */
function shortestOver(runs: readonly number[], n: number): number {
  return runs.findLast((run) => run >= n) ?? runs[0];
}

/** Output coordinate c is the source's c - before, where that exists. */
export function window(from: Shape, out: Shape, before: readonly number[]): StridedCopy {
  const strides = stridesOf(from);
  return {
    base: -before.reduce((at, n, a) => at + n * strides[a], 0),
    axes: out.map((size, a) => ({
      size,
      stride: strides[a],
      begin: before[a],
      end: before[a] + from[a],
    })),
  };
}
