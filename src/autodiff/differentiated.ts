import type { GraphBuilder } from '../ir/builder.ts';
import type { Graph, ValueId } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import { prune } from '../ir/prune.ts';
import type { ElaboratedModel, Parameter, TrainSection } from '../language/model.ts';
import { requireBatchStatistics } from './buffers.ts';
import { differentiate } from './gradients.ts';
import { withLoss } from './loss.ts';

/** A model's graph with the loss of a section and its gradients appended, without outputs. */
export interface Differentiated {
  readonly b: GraphBuilder;
  readonly loss: ValueId;
  /** Parameters that the loss reaches, in order. */
  readonly reached: readonly Parameter[];
  /** One of each reached parameter. */
  readonly gradients: readonly ValueId[];
}

/**
 * @param trained parameters to take gradients of
 * @throws InputError `batch-too-small`, see {@link requireBatchStatistics}
 */
export function differentiated(
  model: ElaboratedModel,
  section: TrainSection,
  ops: OpTable,
  trained: readonly Parameter[] = model.parameters,
): Differentiated {
  requireBatchStatistics(model);
  const { b, loss } = withLoss(model, section, ops);
  const one = b.apply('full', [], { shape: [], value: 1 });
  const all = differentiate(
    b,
    new Map([[loss, one]]),
    trained.map((p) => p.value),
  );
  const reached = trained.filter((_, i) => all[i] !== undefined);
  return { b, loss, reached, gradients: all.filter((g) => g !== undefined) };
}

export interface GradientGraph {
  readonly graph: Graph;
  /** Parameters that the loss reaches, in order. */
  readonly reached: readonly Parameter[];
}

/** The loss of a section: output `loss`, and `g/<parameter>` for each parameter that it reaches. */
export function gradientGraph(model: ElaboratedModel, section: TrainSection, ops: OpTable): GradientGraph {
  const { b, loss, reached, gradients } = differentiated(model, section, ops);
  b.output('loss', loss);
  reached.forEach((p, i) => {
    b.output(`g/${p.name}`, gradients[i]);
  });
  return { graph: prune(b.build()), reached };
}
