import { elementCount, type Value } from '../../ir/graph.ts';
import type { KernelCall, UniformType } from '../../ir/kernel.ts';
import { mergeRuns, paddedRuns, type Run, runLength } from '../../ir/runs.ts';
import { splitSum, sumParts } from '../split-sum.ts';
import type { KernelContext } from '../variant.ts';
import { contiguousLast, MAX_RUNS } from './runs.ts';

type Uniform = readonly [string, UniformType, number];

/** y[batch][m][n] = Σ_k a[batch][m][k] · b[batch][k][n], each index as axes with strides, outermost first. */
export interface GemmProblem {
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

/**
 * The problem must be walkable ({@link isWalkable}).
 *
 * A thread's tile is 8×8, 8×4 for narrow results, 8×16 for large ones that read b by vec4.
 */
export function lowerGemm(c: KernelContext, problem: GemmProblem): KernelCall[] {
  const { workgroup, wideColumns, wideResults } = c.target.measured.product;
  const { a, b, y, batch, m, n, k } = oriented(merged(problem));
  const sizes = { m: runLength(m), n: runLength(n), k: runLength(k), batch: runLength(batch) };
  const vectorA = isVector(m, 0, [...batch.map((r) => r.strides[0]), ...k.map((r) => r.strides[0])]);
  const vectorB = isVector(n, 0, [...batch.map((r) => r.strides[1]), ...k.map((r) => r.strides[1])]);
  const quadsM = 2;
  const wide = vectorB && sizes.n >= wideColumns && sizes.n * sizes.m * sizes.batch >= wideResults;
  const quadsN = sizes.n <= 4 ? 1 : wide ? 4 : 2;
  const tilesM = Math.ceil(sizes.m / (4 * quadsM));
  const tilesN = Math.ceil(sizes.n / (4 * quadsN));
  const tiles = tilesM * tilesN * sizes.batch;
  const { parts, partLength } = splitSum(c.target, tiles, sizes.k);
  const count = elementCount(y.shape);
  const target = parts > 1 ? c.scratch([parts, count]) : y;
  const threads = tiles * parts;
  const uniforms: Uniform[] = [
    ['threads', 'u32', threads],
    ['m', 'u32', sizes.m],
    ['n', 'u32', sizes.n],
    ['k', 'u32', sizes.k],
    ['k_part', 'u32', partLength],
    ['parts', 'u32', parts],
    ['part_stride', 'u32', count],
    ['tiles_m', 'u32', tilesM],
    ['tiles_n', 'u32', tilesN],
    ...runUniforms('batch', batch, ['a', 'b', 'y']),
    ...runUniforms('m', m, ['a', 'y']),
    ...runUniforms('n', n, ['b', 'y']),
    ...runUniforms('k', k, ['a', 'b']),
  ];
  const product: KernelCall = {
    template: 'gemm',
    options: { quads_m: quadsM, quads_n: quadsN, vector_a: vectorA, vector_b: vectorB, workgroup },
    uniforms,
    reads: [
      { name: 'a', value: a, vector: vectorA },
      { name: 'b', value: b, vector: vectorB },
    ],
    writes: [{ name: 'y', value: target }],
    workgroups: [Math.ceil(threads / workgroup), 1, 1],
    fusable: parts > 1 ? undefined : 'y',
  };
  return parts > 1 ? [product, sumParts(c.target, target, y, parts)] : [product];
}

/** Whether the kernel can walk a problem: each index in so few runs. */
export function isWalkable(p: GemmProblem): boolean {
  return [p.batch, p.m, p.n, p.k].every((runs) => mergeRuns(runs).length <= MAX_RUNS);
}

function merged(p: GemmProblem): GemmProblem {
  const all = {
    batch: mergeRuns(p.batch),
    m: contiguousLast(mergeRuns(p.m), 0),
    n: contiguousLast(mergeRuns(p.n), 0),
    k: mergeRuns(p.k),
  };
  return { ...p, ...all };
}

/** The narrower side becomes n, whose tile may be 4 wide. */
function oriented(p: GemmProblem): GemmProblem {
  if (runLength(p.n) <= runLength(p.m)) return p;
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
function isVector(runs: readonly Run[], t: number, others: readonly number[]): boolean {
  const last = runs.at(-1);
  return (
    last !== undefined &&
    last.strides[t] === 1 &&
    last.size % 4 === 0 &&
    runs.slice(0, -1).every((r) => r.strides[t] % 4 === 0) &&
    others.every((s) => s % 4 === 0)
  );
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
