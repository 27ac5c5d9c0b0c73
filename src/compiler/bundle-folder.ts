import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { trainingGraph } from '../autodiff/training.ts';
import type { Bundle } from '../bundle/manifest.ts';
import { InputError } from '../errors.ts';
import { type ElaboratedModel, storedTensors } from '../language/model.ts';
import { ops } from '../ops/index.ts';
import { writeError } from '../tensors/atomic-file.ts';
import { checkFolderWritable, makeFolder } from '../tensors/output-path.ts';
import { writeSafetensors } from '../tensors/safetensors.ts';
import { type StoredData, storedTensor } from '../tensors/tensor.ts';
import { nodeRenderer } from './files.ts';
import { planPortably } from './portable.ts';

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
 * @param weights parameters and buffers by name
 * @param verify checks the graphs after each pass
 * @throws InputError `output-exists` where the folder holds something else
 * @throws JobError `adapter-limits` where the model needs more than every WebGPU implementation offers
 */
export function writeBundleFolder(
  folder: string,
  model: ElaboratedModel,
  training: ElaboratedModel,
  weights: ReadonlyMap<string, StoredData>,
  verify = false,
): BundleReport {
  const target = resolve(folder);
  checkFolderWritable(folder);
  checkReplaceable(folder, target);
  const renderer = nodeRenderer();
  const forward = planPortably(model, model.graph, 'the forward pass', renderer, verify);
  const section = training.train[0];
  const step = section
    ? planPortably(
        model,
        trainingGraph(training, section, section.optimizer, ops).graph,
        `the training step (train ${section.name})`,
        renderer,
        verify,
      )
    : undefined;

  const undo = makeFolder(dirname(target));
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
  const replaced = `${temporary}.old`;
  try {
    mkdirSync(temporary);
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
      storedTensors(model).map((t) => [t.name, storedTensor([...t.shape], weights.get(t.name)!)] as const),
    );
    // The old bundle goes only when the new one stands in its place.
    if (existsSync(target)) renameSync(target, replaced);
    renameSync(temporary, target);
    rmSync(replaced, { recursive: true, force: true });
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (existsSync(replaced) && !existsSync(target)) renameSync(replaced, target);
    undo();
    throw writeError(folder, error);
  }
  return {
    kernels: forward.manifest.kernels.length,
    dispatches: forward.manifest.dispatches.length,
    device_bytes: forward.manifest.buffers.reduce((n, b) => n + b.size, 0),
    trains: step !== undefined,
  };
}

/** All that a bundle consists of. */
const bundleEntries: readonly string[] = ['model.json', 'weights.safetensors', 'forward', 'train'];

/** An empty folder may be filled, and a bundle be replaced; whatever else somebody keeps there is not touched. */
function checkReplaceable(folder: string, target: string): void {
  const entries = existsSync(target) ? readdirSync(target) : [];
  const others = entries.filter((name) => !bundleEntries.includes(name));
  if (others.length === 0 && (entries.length === 0 || entries.includes('model.json'))) return;
  throw new InputError(
    'output-exists',
    others.length > 0
      ? `${folder} holds other things than a bundle: ${others.slice(0, 5).join(', ')}`
      : `${folder} holds ${entries.join(', ')}, but no model.json: it is not a whole bundle`,
    'name a folder that does not exist yet, or one that holds a bundle',
  );
}

function writeProgram(folder: string, bundle: Bundle): void {
  mkdirSync(folder);
  writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(bundle.manifest)}\n`);
  for (const [name, text] of bundle.wgsl) writeFileSync(join(folder, `${name}.wgsl`), text);
}
