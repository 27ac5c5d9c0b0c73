import { type ElaboratedModel, storedTensors } from '../language/model.ts';
import { readSafetensors } from '../tensors/safetensors.ts';
import type { StoredData, Tensor } from '../tensors/tensor.ts';
import { isTorchFile, readTorchCheckpoint } from '../tensors/torch-checkpoint.ts';
import { isCheckpoint, storedEntries } from './checkpoint.ts';
import { requireMadeFor } from './made-for.ts';
import { matchPretrained } from './pretrained-match.ts';
import { matchWeights } from './weights.ts';

/**
 * Tensors of a safetensors file or of one that `torch.save` wrote; of a checkpoint of archc, its weights and buffers.
 *
 * @throws InputError as readTorchCheckpoint and readSafetensors
 */
export function readTensors(path: string): ReadonlyMap<string, Tensor> {
  if (isTorchFile(path)) return readTorchCheckpoint(path);
  const { tensors, metadata } = readSafetensors(path);
  return isCheckpoint(metadata) ? storedEntries(tensors) : tensors;
}

/**
 * All weights and buffers of a model from such a file, whose names are the model's or those that one of its `pretrained`
 * sections turns into the model's.
 *
 * @returns one array a parameter or buffer, by name
 * @throws InputError `config-mismatch` where the file says that it is of other parameters; as readTensors and matchWeights
 */
export function readWeights(model: ElaboratedModel, path: string): Map<string, StoredData> {
  requireMadeFor(model, path);
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
  return matchWeights(storedTensors(model), inModel, path);
}
