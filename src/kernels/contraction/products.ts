import type { KernelCall } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import type { Candidate, KernelContext, Needs } from '../variant.ts';
import { merged, oriented, type Problem, type ProductSize, sizeOfProblem } from './problem.ts';
import { registerTiles } from './register-tiles.ts';
import { workgroupTiles } from './workgroup-tiles.ts';

/** One way to compute a product, whatever op it stands for. */
export interface ProductVariant {
  readonly name: string;
  /** How it computes, a sentence. */
  readonly doc: string;
  readonly needs: Needs;
  /** Of a product with m ≥ n, in nanoseconds. */
  cost(size: ProductSize, target: Target): number;
  /** The problem must be walkable. */
  calls(c: KernelContext, problem: Problem): KernelCall[];
}

const productVariants: readonly ProductVariant[] = [registerTiles, workgroupTiles];

/** The sentences on them by name. */
export const productDocs: Readonly<Record<string, string>> = Object.fromEntries(
  productVariants.map((v) => [v.name, v.doc]),
);

/**
 * The ways to compute a problem as candidates.
 *
 * @param calls what stands around the product, by default nothing
 */
export function productCandidates(
  problem: Problem,
  target: Target,
  calls = (c: KernelContext, product: ProductVariant['calls']) => product(c, problem),
): Candidate[] {
  const size = sizeOfProblem(oriented(merged(problem)));
  return productVariants.map((v) => ({
    name: v.name,
    needs: v.needs,
    cost: v.cost(size, target),
    calls: (c) => calls(c, v.calls),
  }));
}
