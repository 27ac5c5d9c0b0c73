import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { trainingGraph } from '../autodiff/training.ts';
import type { Bundle } from '../bundle/manifest.ts';
import { InputError } from '../errors.ts';
import type { ElaboratedModel } from '../language/program.ts';
import { ops } from '../ops/index.ts';
import { planGraph } from '../plan/plan.ts';
import { writeSafetensors } from '../tensors/safetensors.ts';
import { float32Tensor } from '../tensors/tensor.ts';
import { nodeRenderer } from './files.ts';
import { portableLimits } from './limits.ts';

export interface BundleReport {
  readonly kernels: number;
  readonly dispatches: number;
  readonly device_bytes: number;
  readonly trains: boolean;
}

/**
 * Writes a bundle: `model.json`, `forward/` and, where the model has a `train` section, `train/`, each with
 * `manifest.json` and its kernels, and `weights.safetensors`. The same model and weights give the same bytes. The
 * folder appears whole or not at all; an older bundle of the same name is replaced.
 *
 * @param training the same model elaborated for training
 * @throws InputError `output-exists` where the folder holds something else
 */
export function writeBundleFolder(
  folder: string,
  model: ElaboratedModel,
  training: ElaboratedModel,
  weights: ReadonlyMap<string, Float32Array>,
): BundleReport {
  const target = resolve(folder);
  if (existsSync(target) && !isReplaceable(target)) {
    throw new InputError(
      'output-exists',
      `${folder} exists and is not a bundle`,
      'name a folder that does not exist yet, or one that holds a bundle',
    );
  }
  const options = { model: model.name, batch: model.batch, limits: portableLimits };
  const renderer = nodeRenderer();
  const forward = planGraph(model.graph, ops, renderer, options);
  const section = training.train[0];
  const step = section
    ? planGraph(trainingGraph(training, section, section.optimizer, ops).graph, ops, renderer, options)
    : undefined;

  mkdirSync(dirname(target), { recursive: true });
  const temporary = mkdtempSync(join(dirname(target), `.${basename(target)}-`));
  try {
    writeFileSync(
      join(temporary, 'model.json'),
      `${JSON.stringify(
        {
          format: 1,
          model: model.name,
          config: model.config,
          batch: model.batch,
          inputs: model.inputs.map(({ name, shape }) => ({ name, shape })),
          outputs: model.outputs.map(({ name, value }) => ({ name, shape: model.graph.values[value].shape })),
          train: section,
        },
        (key, value) => (key === 'span' ? undefined : value),
        1,
      )}\n`,
    );
    writeProgram(join(temporary, 'forward'), forward);
    if (step) writeProgram(join(temporary, 'train'), step);
    writeSafetensors(
      join(temporary, 'weights.safetensors'),
      model.parameters.map((p) => [p.name, float32Tensor([...p.shape], weights.get(p.name)!)] as const),
    );
    if (existsSync(target)) rmSync(target, { recursive: true });
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
  return {
    kernels: forward.manifest.kernels.length,
    dispatches: forward.manifest.dispatches.length,
    device_bytes: forward.manifest.buffers.reduce((n, b) => n + b.size, 0),
    trains: step !== undefined,
  };
}

function isReplaceable(folder: string): boolean {
  try {
    const entries = readdirSync(folder);
    return entries.length === 0 || (entries.includes('model.json') && entries.includes('forward'));
  } catch {
    return false;
  }
}

function writeProgram(folder: string, bundle: Bundle): void {
  mkdirSync(folder);
  writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(bundle.manifest)}\n`);
  for (const [name, text] of bundle.wgsl) writeFileSync(join(folder, `${name}.wgsl`), text);
}
