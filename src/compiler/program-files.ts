import { type ElaboratedModel, storedTensors } from '../language/model.ts';
import { ending, type FileInfo, type StoredProgram, sha256Of } from '../program/stored.ts';
import { serializeSafetensors } from '../tensors/safetensors-bytes.ts';
import { type StoredData, storedTensor } from '../tensors/tensor.ts';
import type { Compiled } from './compile.ts';

/**
 * The files of a program by their path. The same program and weights give the same bytes.
 *
 * @param weights a safetensors file, see {@link weightsBytes}
 */
export async function programFiles(
  { program: { kernels, ...rest }, facts }: Compiled,
  weights: Uint8Array,
): Promise<Map<string, Uint8Array>> {
  const utf8 = new TextEncoder();
  const infoOf = async (bytes: Uint8Array): Promise<FileInfo> => ({
    bytes: bytes.length,
    sha256: await sha256Of(bytes),
  });
  const texts = kernels.map(({ wgsl }) => utf8.encode(wgsl));
  const document: Omit<StoredProgram, 'sha256'> = {
    ...rest,
    facts,
    kernels: await Promise.all(
      kernels.map(async ({ wgsl: _, ...info }, i) => ({ ...info, ...(await infoOf(texts[i])) })),
    ),
    weights: await infoOf(weights),
  };
  const text = JSON.stringify(document).slice(0, -1);
  return new Map([
    ['program.json', utf8.encode(text + ending(await sha256Of(utf8.encode(text))))],
    ...kernels.map(({ name }, i) => [`kernels/${name}.wgsl`, texts[i]] as const),
    ['weights.safetensors', weights],
  ]);
}

/** The values of a model's parameters and buffers, by name, as a safetensors file. */
export function weightsBytes(model: ElaboratedModel, values: ReadonlyMap<string, StoredData>): Uint8Array {
  return serializeSafetensors(
    storedTensors(model).map(
      ({ name, shape }) => [name, storedTensor([...shape], values.get(name)!)] as const,
    ),
  );
}
