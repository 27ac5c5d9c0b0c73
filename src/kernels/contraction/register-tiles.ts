import { elementCount } from '../../ir/graph.ts';
import type { KernelCall } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import { costOf } from '../cost.ts';
import { inParts, splitSum } from '../split-sum.ts';
import type { KernelContext } from '../variant.ts';
import {
  isVector,
  merged,
  oriented,
  type Problem,
  type ProductSize,
  sizeOfProblem,
  walkUniforms,
} from './problem.ts';
import type { ProductVariant } from './products.ts';

/** Rows of a thread's tile, in fours. */
const QUADS_M = 2;

/** A thread keeps a tile in registers and reads its operands from memory: 8×8, 8×4 for narrow results, or 8×16. */
export const registerTiles: ProductVariant = {
  name: 'register-tiles',
  doc: 'A thread keeps a tile of the result in registers, and reads its operands from memory.',
  needs: {},
  cost: (problem, target) => {
    const size = sizeOfProblem(oriented(merged(problem)));
    const { batch, m, n, k } = size;
    const [rows, columns] = [4 * QUADS_M, 4 * columnQuads(target, size, true)];
    const tiles = batch * Math.ceil(m / rows) * Math.ceil(n / columns);
    const multiplyAdds = tiles * rows * columns * k;
    const { parts } = splitSum(target, tiles, k);
    return costOf(target, {
      multiplyAdds,
      loads: multiplyAdds / rows + multiplyAdds / columns,
      threads: tiles * parts,
      dispatches: parts > 1 ? 2 : 1,
    });
  },
  calls,
};

/** Columns of a thread's tile, in fours: 16 columns only where enough threads are left, and b is read by vec4. */
function columnQuads(
  { measured: { product } }: Target,
  { batch, m, n }: ProductSize,
  vectorB: boolean,
): number {
  if (n <= 4) return 1;
  return vectorB && n >= product.wideColumns && batch * m * n >= product.wideResults ? 4 : 2;
}

function calls(c: KernelContext, problem: Problem): KernelCall[] {
  const { workgroup } = c.target.measured.product;
  const p = oriented(merged(problem));
  const { a, b, y, batch, m, n, k } = p;
  const sizes = sizeOfProblem(p);
  const vectorA = isVector(m, 0, [...batch.map((r) => r.strides[0]), ...k.map((r) => r.strides[0])]);
  const vectorB = isVector(n, 0, [...batch.map((r) => r.strides[1]), ...k.map((r) => r.strides[1])]);
  const quadsM = QUADS_M;
  const quadsN = columnQuads(c.target, sizes, vectorB);
  const tilesM = Math.ceil(sizes.m / (4 * quadsM));
  const tilesN = Math.ceil(sizes.n / (4 * quadsN));
  const tiles = tilesM * tilesN * sizes.batch;
  const { parts, partLength } = splitSum(c.target, tiles, sizes.k);
  const count = elementCount(y.shape);
  const threads = tiles * parts;
  const uniforms: KernelCall['uniforms'] = [
    ['threads', 'u32', threads],
    ['m', 'u32', sizes.m],
    ['n', 'u32', sizes.n],
    ['k', 'u32', sizes.k],
    ['k_part', 'u32', partLength],
    ['parts', 'u32', parts],
    ['part_stride', 'u32', count],
    ['tiles_m', 'u32', tilesM],
    ['tiles_n', 'u32', tilesN],
    ...walkUniforms(p),
  ];
  return inParts(c, y, parts, (sums) => ({
    template: 'gemm',
    options: {
      quads_m: quadsM,
      quads_n: quadsN,
      vector_a: vectorA,
      vector_b: vectorB,
      workgroup,
      functions: 'runs',
    },
    uniforms,
    reads: [
      { name: 'a', value: a, vector: vectorA },
      { name: 'b', value: b, vector: vectorB },
    ],
    writes: [{ name: 'y', value: sums }],
    workgroups: Math.ceil(threads / workgroup),
    fusable: 'y',
  }));
}
