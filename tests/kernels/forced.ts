import type { Graph } from '../../src/ir/graph.ts';
import type { Target } from '../../src/ir/target.ts';
import { kernels } from '../../src/kernels/index.ts';
import { variantNames } from '../../src/kernels/variant.ts';
import { ops } from '../../src/ops/index.ts';
import { candidatesOf, type ForcedKernels } from '../../src/plan/candidates.ts';

/** Of each op of a graph that has several kernels, those that compute a node of it on the target. */
export function choices(graph: Graph, target: Target): Map<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  for (const node of graph.nodes) {
    const family = kernels.get(node.op);
    if (!family || variantNames(family).length < 2) continue;
    const names = found.get(node.op) ?? new Set();
    found.set(node.op, names);
    for (const { candidate, lacks } of candidatesOf(graph, ops, target, node))
      if (lacks.length === 0) names.add(candidate.name);
  }
  return new Map([...found].map(([op, names]) => [op, [...names].sort()]));
}

/** Variants, as `op=variant`, that could compute a node of a graph were the target of another kind. */
export function forOtherKinds(graph: Graph, target: Target): string[] {
  return graph.nodes
    .filter(({ op }) => kernels.has(op))
    .flatMap((node) =>
      candidatesOf(graph, ops, target, node)
        .filter(({ lacks }) => lacks.some(({ name }) => name === 'kind'))
        .map(({ candidate }) => `${node.op}=${candidate.name}`),
    );
}

/** Every variant of every op that has several, as `op=variant`. */
export const allVariants: readonly string[] = [...kernels].flatMap(([op, family]) => {
  const names = variantNames(family);
  return names.length < 2 ? [] : names.map((name) => `${op}=${name}`);
});

/**
 * Of ops that no fixture has, or not in a shape that suits the variant: copies and sums, with one variant that WebGPU takes.
 * They have tests of their own (odd-sizes.full.test.ts, cpu-rows.test.ts).
 */
const WITHOUT_CASES = /^(place|flip|pad|permute|roll|slice|dice_sums)=/;

/** Those of {@link allVariants} that the fixtures of ops have a case for. */
export const variantsWithCases = allVariants.filter((name) => !WITHOUT_CASES.test(name));

/** Rounds of one kernel for every op, in which each choice is forced at least once. */
export function rounds(graph: Graph, target: Target): ForcedKernels[] {
  const all = choices(graph, target);
  const most = Math.max(0, ...[...all.values()].map((names) => names.length));
  return Array.from(
    { length: most },
    (_, i) => new Map([...all].map(([op, names]) => [op, names[i % names.length]])),
  );
}
