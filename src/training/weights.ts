import { initialiseStored } from '../compiler/initialise.ts';
import { InputError } from '../errors.ts';
import type { StoredTensor } from '../language/model.ts';
import { nearest } from '../language/suggest.ts';
import { type StoredData, type Tensor, toFloat32, toInt32 } from '../tensors/tensor.ts';

const floating = ['F32', 'F64', 'F16', 'BF16'];

/** Why a file's tensor of the right shape cannot be this parameter or buffer; `undefined` where it can. */
export function typeProblem({ dtype }: StoredTensor, tensor: Tensor): string | undefined {
  if (dtype === 'f32')
    return floating.includes(tensor.dtype) ? undefined : `holds ${tensor.dtype}, expected floating point`;
  if (toInt32(tensor)) return undefined;
  return `holds ${tensor.dtype}, expected whole numbers of up to 32 bits`;
}

/** Files of before PyTorch 0.4.1 hold no counters, and only a cumulative average needs them: they start anew. */
export const mayBeMissing = ({ dtype }: StoredTensor): boolean => dtype === 'i32';

/** A tensor of the right type ({@link typeProblem}) as a model takes it. */
export const storedData = ({ dtype }: StoredTensor, tensor: Tensor): StoredData =>
  dtype === 'f32' ? toFloat32(tensor) : toInt32(tensor)!;

/**
 * Picks a model's weights and buffers out of a file's tensors.
 *
 * @param complete counters may not be missing; else they start anew then ({@link mayBeMissing})
 * @returns one array a parameter or buffer, by name
 * @throws InputError `weights-mismatch` that lists every tensor that is missing, unexpected, of another shape or type, or not finite
 */
export function matchWeights(
  stored: readonly StoredTensor[],
  tensors: ReadonlyMap<string, Tensor>,
  path: string,
  complete = false,
): Map<string, StoredData> {
  const wanted = new Set(stored.map((p) => p.name));
  const problems: string[] = [];
  const unexpected = [...tensors.keys()].filter((name) => !wanted.has(name));
  const result = new Map<string, StoredData>();
  for (const wish of stored) {
    const { name, shape } = wish;
    const tensor = tensors.get(name);
    const problem = tensor && typeProblem(wish, tensor);
    if (!tensor && !complete && mayBeMissing(wish)) result.set(name, initialiseStored(wish, 0));
    else if (!tensor) {
      const close = nearest(name, unexpected);
      problems.push(`missing: ${name} [${shape.join(', ')}]${close ? ` (the file has ${close})` : ''}`);
    } else if (tensor.shape.join() !== shape.join()) {
      problems.push(`shape: ${name} is [${tensor.shape.join(', ')}], the model has [${shape.join(', ')}]`);
    } else if (problem !== undefined) {
      problems.push(`type: ${name} ${problem}`);
    } else {
      const data = storedData(wish, tensor);
      const wrong = data.find((v) => !Number.isFinite(v));
      if (wrong !== undefined) problems.push(`value: ${name} holds ${wrong} (as float32)`);
      else result.set(name, data);
    }
  }
  for (const name of unexpected) problems.push(`unexpected: ${name}`);
  if (problems.length > 0) {
    const shown = problems.slice(0, 12).map((p) => `\n  ${p}`);
    const rest = problems.length > 12 ? `\n  … and ${problems.length - 12} more` : '';
    throw new InputError(
      'weights-mismatch',
      `${path} does not hold this model's weights:${shown.join('')}${rest}`,
      'check the spec and its --set values against those the weights were made with (`archc params SPEC --json` lists names and shapes)',
    );
  }
  return result;
}
