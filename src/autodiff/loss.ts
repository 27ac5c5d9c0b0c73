import { GraphBuilder } from '../ir/builder.ts';
import type { Graph, ValueId } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import { prune } from '../ir/prune.ts';
import type { ElaboratedModel, TrainSection } from '../language/model.ts';
import { type LossTerm, losses } from '../recipe/losses.ts';

/**
 * Appends the loss of a `train` section.
 *
 * @param outputs the model's outputs, finest first: [B, classes, ...] each
 * @param weights one an output; those of weight 0 take no part
 * @param target class ids, or sets of regions, at the finest output's size: [B, H, W], or [B] for classification
 * @returns a scalar, []
 */
function appendLoss(
  b: GraphBuilder,
  outputs: readonly ValueId[],
  weights: readonly number[],
  terms: readonly LossTerm[],
  target: ValueId,
): ValueId {
  let total: ValueId | undefined;
  outputs.forEach((output, i) => {
    if (weights[i] === 0) return;
    const [, , ...size] = b.shape(output);
    const full = b.shape(target).slice(1);
    const labels =
      size.length === full.length && size.every((n, k) => n === full[k])
        ? target
        : b.apply('nearest_labels', [target], { size });
    for (const term of terms) {
      const { kind, weight, ...args } = term;
      // What is left out is the op's own default.
      const given = Object.entries(args).filter(([, value]) => value !== undefined);
      const value = b.apply(losses[kind].op, [output, labels], Object.fromEntries(given));
      const weighted = b.affine(value, weights[i] * weight);
      total = total === undefined ? weighted : b.add(total, weighted);
    }
  });
  if (total === undefined) throw new Error('every output has weight 0');
  return total;
}

/** A model's graph with the loss of a section appended, without outputs; the labels are the input `target`. */
export function withLoss(
  model: ElaboratedModel,
  section: TrainSection,
  ops: OpTable,
): { readonly b: GraphBuilder; readonly loss: ValueId } {
  const b = new GraphBuilder(ops, { ...model.graph, outputs: [] });
  const outputs = model.outputs.map((o) => o.value);
  const [batch, , ...size] = b.shape(outputs[0]);
  const target = b.source('input', 'target', [batch, ...size], 'i32');
  return { b, loss: appendLoss(b, outputs, section.supervise, section.loss, target) };
}

/** Forward pass and loss of a section: the outputs `loss` and `prediction`, the logits of the model's first output. */
export function lossGraph(model: ElaboratedModel, section: TrainSection, ops: OpTable): Graph {
  const { b, loss } = withLoss(model, section, ops);
  b.output('loss', loss);
  b.output('prediction', model.outputs[0].value);
  return prune(b.build());
}
