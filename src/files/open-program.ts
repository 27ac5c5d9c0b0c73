import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CompiledModel, openProgram } from '../runtime/compiled-model.ts';

/** Opens the folder of a program that `archc compile` wrote. Throws as {@link openProgram}. */
export function openProgramFolder(folder: string): Promise<CompiledModel> {
  return openProgram((file) => readFile(join(folder, file)));
}
