import { InputError } from '../errors.ts';
import type { Parameter } from '../language/program.ts';
import { nearest } from '../language/suggest.ts';
import { type Tensor, toFloat32 } from '../tensors/tensor.ts';

/**
 * Picks a model's weights out of a file's tensors.
 *
 * @returns one array a parameter, by name
 * @throws InputError `weights-mismatch` that lists every tensor that is missing, unexpected, of another shape or type, or not finite
 */
export function matchWeights(
  parameters: readonly Parameter[],
  tensors: ReadonlyMap<string, Tensor>,
  path: string,
): Map<string, Float32Array> {
  const wanted = new Map(parameters.map((p) => [p.name, p]));
  const problems: string[] = [];
  const unexpected = [...tensors.keys()].filter((name) => !wanted.has(name));
  const result = new Map<string, Float32Array>();
  for (const { name, shape } of parameters) {
    const tensor = tensors.get(name);
    if (!tensor) {
      const close = nearest(name, unexpected);
      problems.push(`missing: ${name} [${shape.join(', ')}]${close ? ` (the file has ${close})` : ''}`);
    } else if (tensor.shape.join() !== shape.join()) {
      problems.push(`shape: ${name} is [${tensor.shape.join(', ')}], the model has [${shape.join(', ')}]`);
    } else if (!['F32', 'F64', 'F16', 'BF16'].includes(tensor.dtype)) {
      problems.push(`type: ${name} holds ${tensor.dtype}, expected floating point`);
    } else {
      const data = toFloat32(tensor);
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
