import type { ElaboratedModel } from '../language/program.ts';
import { readSafetensors } from '../tensors/safetensors.ts';
import type { Tensor } from '../tensors/tensor.ts';
import { isTorchFile, readTorchCheckpoint } from '../tensors/torch-checkpoint.ts';
import { isCheckpoint, parameterEntries } from './checkpoint.ts';
import { matchPretrained } from './pretrained-match.ts';
import { matchWeights } from './weights.ts';

/**
 * Tensors of a safetensors file or of one that `torch.save` wrote; of a checkpoint of archc, its weights.
 *
 * @throws InputError as readTorchCheckpoint and readSafetensors
 */
export function readTensors(path: string): ReadonlyMap<string, Tensor> {
  if (isTorchFile(path)) return readTorchCheckpoint(path);
  const { tensors, metadata } = readSafetensors(path);
  return isCheckpoint(metadata) ? parameterEntries(tensors) : tensors;
}

/**
 * All weights of a model from such a file, whose names are the model's or those that one of its `pretrained`
 * sections turns into the model's.
 *
 * @returns one array a parameter, by name
 * @throws InputError as readTensors and matchWeights
 */
export function readWeights(model: ElaboratedModel, path: string): Map<string, Float32Array> {
  const tensors = readTensors(path);
  const { rows } = matchPretrained(model, tensors, ['loaded', 'alias', 'skipped']);
  const inModel = new Map<string, Tensor>();
  for (const { status, parameter, from, detail } of rows) {
    if (from === '' || status === 'alias' || status === 'skipped') continue;
    // What is of no parameter, or a second one, matchWeights calls unexpected: with the reason, where there is one.
    const reason = detail === '' ? from : `${from}: ${detail}`;
    const name = parameter === '' || inModel.has(parameter) ? reason : parameter;
    inModel.set(name, tensors.get(from)!);
  }
  return matchWeights(model.parameters, inModel, path);
}
