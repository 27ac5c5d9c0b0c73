import type { TensorType } from '../program/facts.ts';
import { parseSafetensors, serializeSafetensors } from '../tensors/safetensors-bytes.ts';
import { storedTensor, type Tensor, toFloat32, toInt32 } from '../tensors/tensor.ts';
import { RuntimeError } from './runtime-error.ts';
import type { TensorData } from './session.ts';

/**
 * Parameters and buffers out of the bytes of a safetensors file. It must hold all that are wanted and nothing else.
 *
 * @throws RuntimeError `bad-weights`
 */
export function parseWeights(
  bytes: Uint8Array,
  wanted: readonly TensorType[],
  source: string,
): Map<string, TensorData> {
  const tensors = tensorsOf(bytes, source);
  const names = new Set(wanted.map(({ name }) => name));
  const others = [...tensors.keys()].filter((name) => !names.has(name));
  if (others.length > 0) throw refused(`${source} holds ${listed(others)}, which the model does not have`);
  const missing = [...names].filter((name) => !tensors.has(name));
  if (missing.length > 0) throw refused(`${source} lacks ${listed(missing)}`);
  return new Map(
    wanted.map(
      (type) => [type.name, dataOf(type, tensors.get(type.name)!, `${type.name} of ${source}`)] as const,
    ),
  );
}

/** The bytes of a safetensors file: whole numbers as int64, as PyTorch's counters are. */
export function weightBytes(types: readonly TensorType[], data: (name: string) => TensorData): Uint8Array {
  return serializeSafetensors(
    types.map(({ name, shape }) => [name, storedTensor([...shape], data(name))] as const),
  );
}

function tensorsOf(bytes: Uint8Array, source: string): ReadonlyMap<string, Tensor> {
  try {
    return parseSafetensors(bytes, source).tensors;
  } catch (error) {
    throw refused((error as Error).message);
  }
}

function dataOf({ dtype, shape }: TensorType, tensor: Tensor, what: string): TensorData {
  if (tensor.shape.join() !== shape.join())
    throw refused(`${what} is [${tensor.shape.join(', ')}], the model has [${shape.join(', ')}]`);
  if (dtype === 'f32') {
    if (/^B?F\d+$/.test(tensor.dtype)) return toFloat32(tensor);
    throw refused(`${what} is ${tensor.dtype}, the model has floating-point numbers there`);
  }
  const data = toInt32(tensor);
  if (!data) throw refused(`${what} is ${tensor.dtype}, the model has whole numbers of 32 bits there`);
  return data;
}

const listed = (names: readonly string[]) =>
  `${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} others` : ''}`;

function refused(message: string): RuntimeError {
  return new RuntimeError('bad-weights', message);
}
