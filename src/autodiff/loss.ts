import { GraphBuilder } from '../ir/builder.ts';
import type { Graph, ValueId } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import { prune } from '../ir/prune.ts';
import { type Compared, comparedOutputs, firstOfEach, trainedLabels } from '../language/compared.ts';
import type { ElaboratedModel, TrainSection } from '../language/model.ts';
import { losses } from '../recipe/losses.ts';

/** Appends the losses of outputs by their weights; the labels are inputs of the finest output's size. @returns a scalar, [] */
function appendLoss(
  b: GraphBuilder,
  compared: readonly Compared[],
  labelsOf: ReadonlyMap<string, ValueId>,
): ValueId {
  let total: ValueId | undefined;
  for (const { output, weight: share, loss, labels: name } of compared) {
    if (share === 0) continue;
    const target = labelsOf.get(name)!;
    const [, , ...size] = b.shape(output.value);
    const full = b.shape(target).slice(1);
    const labels =
      size.length === full.length && size.every((n, k) => n === full[k])
        ? target
        : b.apply('nearest_labels', [target], { size });
    for (const term of loss) {
      const { kind, weight, ...args } = term;
      // What is left out is the op's own default.
      const given = Object.entries(args).filter(([, value]) => value !== undefined);
      const value = b.apply(losses[kind].op, [output.value, labels], Object.fromEntries(given));
      const weighted = b.affine(value, share * weight);
      total = total === undefined ? weighted : b.add(total, weighted);
    }
  }
  if (total === undefined) throw new Error('every output has weight 0');
  return total;
}

/**
 * A model's graph with the loss of a section appended, without outputs. Labels are inputs, see Compared: class ids, or sets
 * of regions, at the finest output's size, [B, H, W], or [B] for classification.
 */
export function withLoss(
  model: ElaboratedModel,
  section: TrainSection,
  ops: OpTable,
): { readonly b: GraphBuilder; readonly loss: ValueId } {
  const b = new GraphBuilder(ops, { ...model.graph, outputs: [] });
  const [batch, , ...size] = b.shape(model.outputs[0].value);
  const labels = trainedLabels(model.outputs, section).map(({ labels }) => labels);
  const sources = new Map(labels.map((name) => [name, b.source('input', name, [batch, ...size], 'i32')]));
  return { b, loss: appendLoss(b, comparedOutputs(model.outputs, section), sources) };
}

/** The output of {@link lossGraph} with the logits of an output: `prediction` is the first's. */
export const predictionOf = ({ outputs }: ElaboratedModel, name: string): string =>
  name === outputs[0].name ? 'prediction' : `prediction.${name}`;

/**
 * Forward pass and loss of a section: the outputs `loss` and, as {@link predictionOf} names them, the logits of the model's
 * first output and of the first with each other target.
 */
export function lossGraph(model: ElaboratedModel, section: TrainSection, ops: OpTable): Graph {
  const { b, loss } = withLoss(model, section, ops);
  b.output('loss', loss);
  for (const { output } of firstOfEach(comparedOutputs(model.outputs, section)))
    b.output(predictionOf(model, output.name), output.value);
  return prune(b.build());
}
