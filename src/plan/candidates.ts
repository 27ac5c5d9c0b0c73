import { InputError } from '../errors.ts';
import type { Graph, Node } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import type { Target } from '../ir/target.ts';
import { type RankedCandidate, ranked } from '../kernels/choose.ts';
import { kernels } from '../kernels/index.ts';
import { type Candidate, type KernelFamily, type KernelNode, variantNames } from '../kernels/variant.ts';
import { PlanError } from './plan-error.ts';

/** Variants that are taken whatever they cost, by op. */
export type ForcedKernels = ReadonlyMap<string, string>;

/** A node as kernels see it. */
export function kernelNode(graph: Graph, node: Node): KernelNode {
  return {
    inputs: node.inputs.map((v) => graph.values[v]),
    outputs: node.outputs.map((v) => graph.values[v]),
    attrs: node.attrs,
  };
}

/**
 * What chooses a node's kernels: the variant that is forced for its op where that can compute the node, else the
 * cheapest that fits the target.
 *
 * The choice throws PlanError `adapter-limits` where the target lacks what is needed.
 */
export function chooseKernels(
  graph: Graph,
  ops: OpTable,
  target: Target,
  forced: ForcedKernels = new Map(),
): (node: Node) => Candidate {
  return (node) => {
    const found = candidatesOf(graph, ops, target, node);
    const wanted = found.find(({ candidate }) => candidate.name === forced.get(node.op));
    const best = wanted ?? found[0];
    if (best.lacks.length > 0) throw doesNotFit(node, target, wanted ? [wanted] : found);
    return best.candidate;
  };
}

/** Candidates for a node with kernels, the one to take first. */
export function candidatesOf(graph: Graph, ops: OpTable, target: Target, node: Node): RankedCandidate[] {
  const op = ops.get(node.op);
  if (op?.kind !== 'primitive' || op.lowering.kind !== 'kernels')
    throw new Error(`${node.op} has no kernels`);
  return ranked(familyOf(node.op).candidates(kernelNode(graph, node), target), target);
}

function familyOf(op: string): KernelFamily {
  const family = kernels.get(op);
  if (!family) throw new Error(`${op} is not in the table of kernels`);
  return family;
}

/** @throws InputError `unknown-kernel` if a forced variant does not exist or computes no node of the graphs */
export function checkForced(
  graphs: readonly Graph[],
  target: Target,
  forced: ForcedKernels = new Map(),
): void {
  for (const [op, name] of forced) {
    const family = kernels.get(op);
    if (!family || !variantNames(family).includes(name)) {
      throw new InputError(
        'unknown-kernel',
        family ? `${op} has no kernel "${name}"` : `there is no op "${op}" with kernels`,
        family
          ? `one of ${variantNames(family).join(', ')}`
          : `one of ${[...kernels.keys()].sort().join(', ')}`,
      );
    }
    const suits = graphs.some((graph) =>
      graph.nodes.some(
        (node) =>
          node.op === op &&
          family.candidates(kernelNode(graph, node), target).some((candidate) => candidate.name === name),
      ),
    );
    if (!suits) {
      throw new InputError(
        'unknown-kernel',
        `the kernel "${name}" of ${op} computes no part of this network`,
        'archc emit plan --why shows what each part may be computed by',
      );
    }
  }
}

function doesNotFit(node: Node, target: Target, found: readonly RankedCandidate[]): PlanError {
  const reasons = found.map(
    ({ candidate, lacks }) =>
      `"${candidate.name}" needs ${lacks.map((l) => `${l.name} ${l.needed}, ${target.name} offers ${l.offered}`).join('; ')}`,
  );
  return new PlanError(
    'adapter-limits',
    `no kernel of ${node.scope ? `${node.scope}: ` : ''}${node.op} fits: ${reasons.join('; ')}`,
    'another target or adapter (archc doctor)',
  );
}
