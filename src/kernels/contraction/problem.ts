import type { Value } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import { mergeRuns, paddedRuns, type Run, runLength } from '../../ir/runs.ts';

type Uniform = KernelCall['uniforms'][number];

/** Runs that a kernel walks for one index. */
export const MAX_RUNS = 3;

/** y[batch][m][n] = Σ_k a[batch][m][k] · b[batch][k][n], each index as axes with strides, outermost first. */
export interface Problem {
  readonly a: Value;
  readonly b: Value;
  readonly y: Value;
  /** Strides in a, b and y. */
  readonly batch: readonly Run[];
  /** Strides in a and y. */
  readonly m: readonly Run[];
  /** Strides in b and y. */
  readonly n: readonly Run[];
  /** Strides in a and b. */
  readonly k: readonly Run[];
}

/** Whether the kernel can walk a problem: each index in so few runs. */
export function isWalkable(p: Problem): boolean {
  return [p.batch, p.m, p.n, p.k].every((runs) => mergeRuns(runs).length <= MAX_RUNS);
}

/** The problem with each index in as few runs as can be, those of m and n that lie side by side last. */
export function merged(p: Problem): Problem {
  const all = {
    batch: mergeRuns(p.batch),
    m: contiguousLast(mergeRuns(p.m), 0),
    n: contiguousLast(mergeRuns(p.n), 0),
    k: mergeRuns(p.k),
  };
  return { ...p, ...all };
}

/** The narrower side becomes n, whose tile may be 4 wide. */
export function oriented(p: Problem): Problem {
  return runLength(p.n) <= runLength(p.m) ? p : swapped(p);
}

/** The transposed product: a and b, m and n change places. */
export function swapped(p: Problem): Problem {
  return {
    a: p.b,
    b: p.a,
    y: p.y,
    batch: p.batch.map(({ size, strides: [a, b, y] }) => ({ size, strides: [b, a, y] })),
    m: p.n,
    n: p.m,
    k: p.k.map(({ size, strides: [a, b] }) => ({ size, strides: [b, a] })),
  };
}

/** Whether four steps of an index are always one aligned vec4 of tensor `t`. */
export function isVector(runs: readonly Run[], t: number, others: readonly number[]): boolean {
  const last = runs.at(-1);
  return (
    last !== undefined &&
    last.strides[t] === 1 &&
    last.size % 4 === 0 &&
    runs.slice(0, -1).every((r) => r.strides[t] % 4 === 0) &&
    others.every((s) => s % 4 === 0)
  );
}

/** Sizes and strides of all four indices. */
export function walkUniforms({ batch, m, n, k }: Problem): Uniform[] {
  return [
    ...runUniforms('batch', batch, ['a', 'b', 'y']),
    ...runUniforms('m', m, ['a', 'y']),
    ...runUniforms('n', n, ['b', 'y']),
    ...runUniforms('k', k, ['a', 'b']),
  ];
}

function runUniforms(index: string, runs: readonly Run[], tensors: readonly string[]): Uniform[] {
  const uniforms: Uniform[] = [];
  paddedRuns(runs, MAX_RUNS, tensors.length).forEach((r, i) => {
    if (i > 0) uniforms.push([`${index}_size${i}`, 'u32', r.size]);
    tensors.forEach((t, s) => {
      uniforms.push([`${index}_${t}${i}`, 'u32', r.strides[s]]);
    });
  });
  return uniforms;
}

/**
 * Moves the run that is contiguous in tensor `t` to the end, so that four steps of the index are one vec4 of
 * the tensor.
 */
export function contiguousLast(runs: readonly Run[], t: number): Run[] {
  const unit = runs.find((r) => r.strides[t] === 1);
  return unit ? [...runs.filter((r) => r !== unit), unit] : [...runs];
}

/** Lengths of the indices. */
export interface ProductSize {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

export function sizeOfProblem({ batch, m, n, k }: Problem): ProductSize {
  return { batch: runLength(batch), m: runLength(m), n: runLength(n), k: runLength(k) };
}
