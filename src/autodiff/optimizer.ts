import type { GraphBuilder } from '../ir/builder.ts';
import type { ValueId } from '../ir/graph.ts';
import { HYPER_LENGTH, type OptimizerSpec, optimizerOf, stepAttributes } from '../recipe/optimizers.ts';
import { pack } from './packs.ts';

/** Appends the squared norm of packed gradients: a scalar, []. */
export function appendSquaredNorm(b: GraphBuilder, gradients: readonly ValueId[]): ValueId {
  return gradients.map((g) => b.apply('sum_squares', [g])).reduce((sum, n) => b.add(sum, n));
}

/**
 * Appends what parameters and the optimizer's state hold after a step; nothing changes where loss or norm is not
 * finite.
 *
 * @param groups parameters, packed together as {@link packGroups} says
 * @param gradients one pack a group
 * @param hypers of each group the input that holds what changes with every step
 * @returns names of the state
 */
export function appendOptimizer(
  b: GraphBuilder,
  optimizer: OptimizerSpec,
  groups: readonly (readonly ValueId[])[],
  gradients: readonly ValueId[],
  hypers: readonly string[],
  { loss, norm2 }: { readonly loss: ValueId; readonly norm2: ValueId },
): string[] {
  const names = [...new Set(hypers)];
  const inputs = new Map(names.map((name) => [name, b.source('input', name, [HYPER_LENGTH])]));
  const entry = optimizerOf(optimizer);
  const attrs = stepAttributes(optimizer);
  const state: string[] = [];
  groups.forEach((sources, k) => {
    const params = pack(b, sources);
    const moments = entry.state.map((name) => b.source('state', `${name}.${k}`, b.shape(params)));
    state.push(...entry.state.map((name) => `${name}.${k}`));
    const operands = [params, gradients[k], ...moments, inputs.get(hypers[k])!, norm2, loss];
    const [stepped, ...moved] = b.applyAll(entry.op, operands, attrs);
    b.update(sources, stepped);
    moments.forEach((moment, i) => {
      b.update([moment], moved[i]);
    });
  });
  return state;
}
