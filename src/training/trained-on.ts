import { isAxisOrder } from '../data/axes.ts';
import { isLabelling, labellingOf, labellingOfOutput, targetOfLabels } from '../data/labelling.ts';
import { isPreprocessingPlan } from '../data/planning/plan-file.ts';
import { InputError } from '../errors.ts';
import type { ElaboratedModel } from '../language/model.ts';
import type { TrainedOnFacts } from '../program/facts.ts';
import { readMetadata } from '../tensors/safetensors.ts';
import { isTorchFile } from '../tensors/torch-checkpoint.ts';
import { isInputChannels } from './image-inputs.ts';
import { madeForMetadata } from './made-for.ts';

/** See {@link TrainedOnFacts}. */
export type TrainedOn = TrainedOnFacts;

/** The entry of a weights file's metadata. */
const KEY = 'trained_on';

/** The metadata of a run's weights: the model that they are of, and what they were trained on. */
export function weightsMetadata(model: ElaboratedModel, data: TrainedOn): Record<string, string> {
  return { ...madeForMetadata(model), [KEY]: JSON.stringify(data) };
}

/**
 * What a file of weights says of the data that they were trained on; `undefined` where it says nothing.
 *
 * @throws InputError `bad-metadata` where that cannot be understood or the model has other classes; as readMetadata
 */
export function readTrainedOn(path: string, model: ElaboratedModel): TrainedOn | undefined {
  if (isTorchFile(path)) return undefined;
  const text = readMetadata(path)[KEY];
  if (text === undefined) return undefined;
  try {
    const data = JSON.parse(text) as TrainedOn;
    const named = data.channels.every((name) => typeof name === 'string');
    const { channels, pixels, plan, transpose_forward: order, heads = {} } = data;
    const fits =
      [data, ...Object.values(heads)].every(isLabelling) &&
      // Of outputs of these weights; a spec may have got others since.
      model.outputs.every(({ name, dims }, i) => {
        if (i > 0 && !Object.hasOwn(heads, name)) return true;
        return targetOfLabels(labellingOfOutput(data, name)).names.length === dims[1].size;
      });
    const planned = plan === undefined || isPreprocessingPlan(plan, channels.length);
    const sized = pixels === undefined || (pixels.length === 2 && pixels.every((size) => size > 0));
    const ordered = order === undefined || isAxisOrder(order);
    const fed = data.inputs === undefined || isInputChannels(data.inputs, model.inputs, channels.length);
    const own = {
      ...{ ...(order && { transpose_forward: order }), ...(data.heads && { heads }) },
      ...(data.inputs && { inputs: data.inputs }),
    };
    if (named && fits && sized && planned && ordered && fed)
      return { channels, ...labellingOf(data), pixels, plan, ...own };
  } catch {
    // Falls through to the error below.
  }
  throw new InputError(
    'bad-metadata',
    `${path}: its metadata \`${KEY}\` is not what archc writes for weights of ${model.name}`,
    'save the weights again without that entry',
  );
}
