import { type ElaboratedModel, storedTensors } from '../language/model.ts';
import {
  ending,
  type FileInfo,
  PLAIN_MODULE,
  RELAXED_MODULE,
  type StoredPlan,
  type StoredProgram,
  sha256Of,
} from '../program/stored.ts';
import { serializeSafetensors } from '../tensors/safetensors-bytes.ts';
import { type StoredData, storedTensor } from '../tensors/tensor.ts';
import type { Compiled, CompiledPlan } from './compile.ts';

/**
 * The files of a program by their path. The same program and weights give the same bytes.
 *
 * @param weights a safetensors file, see {@link weightsBytes}
 */
export async function programFiles(
  { facts, second, ...first }: Compiled,
  weights: Uint8Array,
): Promise<Map<string, Uint8Array>> {
  const { format, model, batch } = first.program;
  const code = new Map<string, Uint8Array>();
  const plans: StoredPlan[] = [];
  for (const plan of second ? [first, second] : [first]) plans.push(await storedPlan(plan, code));
  const document: Omit<StoredProgram, 'sha256'> = {
    ...{ format, model, batch, plans, facts },
    weights: await infoOf(weights),
  };
  const text = JSON.stringify(document).slice(0, -1);
  return new Map([
    ['program.json', utf8.encode(text + ending(await sha256Of(utf8.encode(text))))],
    ...code,
    ['weights.safetensors', weights],
  ]);
}

const utf8 = new TextEncoder();

async function infoOf(bytes: Uint8Array): Promise<FileInfo> {
  return { bytes: bytes.length, sha256: await sha256Of(bytes) };
}

/** @param code takes the files of its kernels */
async function storedPlan(
  { program, modules }: CompiledPlan,
  code: Map<string, Uint8Array>,
): Promise<StoredPlan> {
  const { format: _, model: __, batch: ___, kernels, ...rest } = program;
  if (modules) {
    code.set(PLAIN_MODULE, modules.plain);
    code.set(RELAXED_MODULE, modules.relaxed);
    return {
      ...rest,
      kernels: kernels.map(({ wgsl: ____, ...kernel }) => kernel),
      modules: {
        plain: await infoOf(modules.plain),
        relaxed: await infoOf(modules.relaxed),
        scratchBytes: modules.scratchBytes,
        ...(modules.address === 64 && { address: 64 }),
      },
    };
  }
  const stored = kernels.map(async ({ wgsl, ...kernel }) => {
    const text = utf8.encode(wgsl);
    code.set(`kernels/${kernel.name}.wgsl`, text);
    return { ...kernel, text: await infoOf(text) };
  });
  return { ...rest, kernels: await Promise.all(stored) };
}

/** The values of a model's parameters and buffers, by name, as a safetensors file. */
export function weightsBytes(model: ElaboratedModel, values: ReadonlyMap<string, StoredData>): Uint8Array {
  return serializeSafetensors(
    storedTensors(model).map(
      ({ name, shape }) => [name, storedTensor([...shape], values.get(name)!)] as const,
    ),
  );
}
