import { trainingEntries } from '../autodiff/entries.ts';
import { elementCount } from '../ir/graph.ts';
import type { OpTable } from '../ir/op.ts';
import { packed } from '../ir/packing.ts';
import type { ElaboratedModel, Parameter, TrainSection } from '../language/model.ts';
import type { StoredData } from '../tensors/tensor.ts';
import type { RunState } from './checkpoint.ts';

/** Parameters as they are packed together. */
export type Groups = readonly (readonly Parameter[])[];

/**
 * The weights that predict: averages where the section asks for them, the weights themselves where it does not, and of
 * what is not trained (buffers, heads of weight 0).
 *
 * @param groups as trainingEntries gives them
 */
export function predictingWeights(
  section: TrainSection,
  groups: Groups,
  { weights, optimizer }: Pick<RunState, 'weights' | 'optimizer'>,
): ReadonlyMap<string, StoredData> {
  if (section.ema === 0) return weights;
  const result = new Map(weights);
  groups.forEach((group, k) => {
    const average = optimizer.get(`ema.${k}`)!;
    const counts = group.map(({ shape }) => elementCount(shape));
    packed(counts).starts.forEach((start, i) => {
      result.set(group[i].name, average.slice(start, start + counts[i]));
    });
  });
  return result;
}

/** {@link predictingWeights} of a run that is not being trained. */
export function predictingWeightsOf(
  model: ElaboratedModel,
  section: TrainSection,
  ops: OpTable,
  state: RunState,
): ReadonlyMap<string, StoredData> {
  if (section.ema === 0) return state.weights;
  return predictingWeights(
    section,
    trainingEntries(model, section, section.optimizer, ops, { thaws: true }).groups,
    state,
  );
}
