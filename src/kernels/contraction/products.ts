import type { KernelCall } from '../../ir/kernel.ts';
import type { Target } from '../../ir/target.ts';
import type { Candidate, KernelContext, Needs } from '../variant.ts';
import { packedPanels } from './packed-panels.ts';
import type { Problem } from './problem.ts';
import { registerTiles } from './register-tiles.ts';
import { workgroupTiles } from './workgroup-tiles.ts';

/** One way to compute a product, whatever op it stands for. */
export interface ProductVariant {
  readonly name: string;
  /** How it computes, a sentence. */
  readonly doc: string;
  readonly needs: Needs;
  /** In nanoseconds; nothing where it does not compute the problem. */
  cost(problem: Problem, target: Target): number | undefined;
  /** The problem must be walkable. */
  calls(c: KernelContext, problem: Problem): KernelCall[];
}

const productVariants: readonly ProductVariant[] = [registerTiles, workgroupTiles, packedPanels];

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
  return productVariants.flatMap((v) => {
    const cost = v.cost(problem, target);
    if (cost === undefined) return [];
    return [{ name: v.name, needs: v.needs, cost, calls: (c: KernelContext) => calls(c, v.calls) }];
  });
}
