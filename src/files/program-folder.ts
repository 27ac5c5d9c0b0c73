import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Compiled, type CompileFor, compileModel } from '../compiler/compile.ts';
import { programFiles, weightsBytes } from '../compiler/program-files.ts';
import { InputError } from '../errors.ts';
import type { ElaboratedModel } from '../language/model.ts';
import type { TrainedOnFacts } from '../program/facts.ts';
import { PLAIN_MODULE, RELAXED_MODULE } from '../program/stored.ts';
import { writeError } from '../tensors/atomic-file.ts';
import { checkFolderWritable, makeFolder } from '../tensors/output-path.ts';
import type { StoredData } from '../tensors/tensor.ts';

export interface ProgramReport {
  readonly kernels: number;
  /** By entry. */
  readonly dispatches: Readonly<Record<string, number>>;
  readonly device_bytes: number;
  readonly trains: boolean;
  /** Bits of addresses on the CPU device, where it takes more than 32. */
  readonly address?: 64;
  readonly recomputation?: Compiled['recomputation'];
}

/**
 * Writes a compiled model: `program.json`, `weights.safetensors` and its kernels, `kernels/` or modules of WebAssembly. The same model and weights give the same
 * bytes. The folder appears whole or not at all; an older program of the same name is replaced.
 *
 * @param training the same model elaborated for training; without it the program is for inference only
 * @param weights parameters and buffers by name
 * @param plan what for, and how
 * @param trainedOn what the weights were trained on, where that is known
 * @throws InputError `output-exists` where the folder holds something else
 * @throws JobError `adapter-limits` where the model needs more than the target offers; InputError `memory-budget`
 */
export async function writeProgramFolder(
  folder: string,
  model: ElaboratedModel,
  training: ElaboratedModel | undefined,
  weights: ReadonlyMap<string, StoredData>,
  plan: CompileFor = {},
  trainedOn?: TrainedOnFacts,
): Promise<ProgramReport> {
  const target = resolve(folder);
  checkFolderWritable(folder);
  checkReplaceable(folder, target);
  const compiled = compileModel(model, training, plan, trainedOn);
  const files = await programFiles(compiled, weightsBytes(model, weights));

  const undo = makeFolder(dirname(target));
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
  const replaced = `${temporary}.old`;
  try {
    mkdirSync(temporary);
    for (const [path, bytes] of files) {
      mkdirSync(dirname(join(temporary, path)), { recursive: true });
      writeFileSync(join(temporary, path), bytes);
    }
    // The old program goes only when the new one stands in its place.
    if (existsSync(target)) renameSync(target, replaced);
    renameSync(temporary, target);
    rmSync(replaced, { recursive: true, force: true });
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (existsSync(replaced) && !existsSync(target)) renameSync(replaced, target);
    undo();
    throw writeError(folder, error);
  }
  const { program, facts, recomputation } = compiled;
  const isWide = [compiled, compiled.second].some((one) => one?.modules?.address === 64);
  return {
    kernels: program.kernels.length,
    dispatches: Object.fromEntries(
      Object.entries(program.entries).map(([name, entry]) => [name, entry.dispatches.length]),
    ),
    device_bytes: program.bytes,
    trains: facts.training !== undefined,
    ...(isWide && { address: 64 }),
    ...(recomputation && { recomputation }),
  };
}

/** All that a program consists of. */
const ownFiles: readonly string[] = [
  'program.json',
  'weights.safetensors',
  'kernels',
  PLAIN_MODULE,
  RELAXED_MODULE,
];

/** An empty folder may be filled, and a program be replaced; whatever else somebody keeps there is not touched. */
function checkReplaceable(folder: string, target: string): void {
  const entries = existsSync(target) ? readdirSync(target) : [];
  const others = entries.filter((name) => !ownFiles.includes(name));
  if (others.length === 0 && (entries.length === 0 || entries.includes('program.json'))) return;
  throw new InputError(
    'output-exists',
    others.length > 0
      ? `${folder} holds other things than a program: ${others.slice(0, 5).join(', ')}`
      : `${folder} holds ${entries.join(', ')}, but no program.json: it is not a whole program`,
    'name a folder that does not exist yet, or one that holds a program',
  );
}
