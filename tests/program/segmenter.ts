import { join } from 'node:path';
import { expect } from 'vitest';
import { readNifti } from '../../src/data/nifti.ts';
import { archc } from '../cli/archc.ts';
import { TINY } from '../cli/tiny.ts';
import { compiled } from './compiled.ts';
import { type MadeCase, writeVolumes, writeVolumesPlan } from './volumes.ts';

/** A network trained on preprocessed volumes, as a program for the processor, and what archc says of the test image. */
export interface Trained {
  readonly files: Map<string, Uint8Array>;
  readonly cases: readonly MadeCase[];
  /** Folder of the preprocessed cases. */
  readonly cache: string;
  readonly plan: string;
  /** Values of classes of the last case, by `archc predict --mirror`. */
  readonly predicted: ArrayLike<number>;
}

export async function trainedOnVolumes(folder: string): Promise<Trained> {
  const at = (name: string) => join(folder, name);
  const run = async (...args: string[]) => {
    const { code, stderr } = await archc(...args);
    expect(code, stderr).toBe(0);
  };
  const cases = writeVolumes(at('data'));
  const plan = writeVolumesPlan(at('plan.json'), at('data'));
  const cache = at('cache');
  await run('data', 'preprocess', at('data'), '--output', cache, '--plan', plan);
  const cpu = ['--backend', 'cpu'];
  await run(
    'train',
    TINY,
    '--data',
    cache,
    '--output',
    at('run'),
    '--set',
    'in_channels=5',
    '--steps',
    '60',
    ...cpu,
  );
  const files = await compiled(at('net'), at('run'), '--target', 'cpu', '--batch', '4');
  await run('predict', at('run'), '--input', at('data/imagesTs'), '--output', at('maps'), '--mirror', ...cpu);
  return { files, cases, cache, plan, predicted: readNifti(at('maps/e.nii.gz')).data };
}
