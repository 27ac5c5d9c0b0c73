import { InputError } from '../errors.ts';
import type { OpTable } from '../ir/op.ts';
import { prune } from '../ir/prune.ts';
import type { ElaboratedModel, TrainSection } from '../language/model.ts';
import type { OptimizerSpec } from '../recipe/optimizers.ts';
import { updatedBuffers } from './buffers.ts';
import { differentiated, type GradientGraph } from './differentiated.ts';
import { appendOptimizer, appendSquaredNorm } from './optimizer.ts';
import { ownMemory, pack, packGroups } from './packs.ts';

export interface TrainingGraph extends GradientGraph {
  /** Names of the optimizer's state, each zero at first. */
  readonly state: readonly string[];
}

/**
 * One whole training step: forward, loss, gradients, clipping, update. Inputs: the model's, `target`, `hyper`.
 * Outputs: `loss` and `norm2`, the squared norm of all gradients before clipping. Parameters that the loss does
 * not reach stay as they are, weight decay included; buffers are updated whether it reaches them or not. Where loss or
 * norm is not finite nothing changes.
 *
 * @throws InputError `nothing-to-train` where the loss reaches no parameter
 */
export function trainingGraph(
  model: ElaboratedModel,
  section: TrainSection,
  optimizer: OptimizerSpec,
  ops: OpTable,
): TrainingGraph {
  const { b, loss, reached, gradients } = differentiated(model, section, ops);
  if (reached.length === 0) {
    const { file, line } = section.span;
    throw new InputError(
      'nothing-to-train',
      `${file}:${line}: the loss of ${section.name} reaches no parameter of ${model.name}`,
      'declare a `param` on which a supervised output depends, or leave out the train section',
    );
  }
  const groups = packGroups(reached.map((p) => p.shape));
  const own = ownMemory(b, gradients);
  const of = <T>(list: readonly T[]) => groups.map((group) => group.map((i) => list[i]));
  const packed = of(own).map((group) => pack(b, group));
  const norm2 = appendSquaredNorm(b, packed);
  const params = of(reached.map((p) => p.value));
  const state = appendOptimizer(b, optimizer, params, packed, { loss, norm2 });
  for (const group of updatedBuffers(model)) {
    const values = ownMemory(
      b,
      group.map(({ next }) => next!),
    );
    const sources = group.map(({ value }) => value);
    b.update(sources, b.apply('buffer_step', [pack(b, sources), pack(b, values), norm2, loss]));
  }
  b.output('loss', loss);
  b.output('norm2', norm2);
  return { graph: prune(b.build()), reached, state };
}
