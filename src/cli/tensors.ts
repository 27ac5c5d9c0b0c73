import { type Elements, type Executable, writeStored } from '../backend/backend.ts';
import type { OpenOptions } from '../compiler/model.ts';
import { InputError, JobError } from '../errors.ts';
import { openModel } from '../files/open.ts';
import { formatDims } from '../ir/dim.ts';
import { LABELS, trainedLabels } from '../language/compared.ts';
import type { Diagnostic } from '../language/index.ts';
import type { ElaboratedModel, ModelInput, TrainSection } from '../language/model.ts';
import { IGNORED, labelValues } from '../recipe/losses.ts';
import { readSafetensors, writeSafetensors } from '../tensors/safetensors.ts';
import { type StoredData, storedTensor, type Tensor, toFloat32 } from '../tensors/tensor.ts';
import { readWeights } from '../training/weights-file.ts';
import type { ModelOptions } from './options.ts';
import { openForCommand } from './warnings.ts';
import { chosenBy } from './weights.ts';

/** A model at the batch size of what `--input` holds for it. */
export interface Given {
  readonly model: ElaboratedModel;
  /** Of `--input`. */
  readonly path: string;
  /** By input of the model. */
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  /** Labels by name, `target` and `target.NAME`. */
  readonly targets: ReadonlyMap<string, Tensor>;
  /** About the spec; said already. */
  readonly warnings: readonly Diagnostic[];
}

interface NamedTensor {
  /** In the file. */
  readonly name: string;
  readonly tensor: Tensor;
}

/**
 * Opens a spec for the batch in a file, which holds each input of the model under its own name. The one input of a
 * model that has only one may also be called `x`.
 *
 * @throws InputError `missing-input`; `two-names` where one input is there twice; `input-batch` where inputs hold
 *   different numbers of samples; `input-shape`; and as openModel and readSafetensors
 */
export function openGiven(
  given: string,
  options: ModelOptions & { readonly weights: string },
  path: string,
  mode: Omit<OpenOptions, 'set' | 'batch'> = {},
): Given {
  const file = readSafetensors(path).tensors;
  const { spec, set } = chosenBy(options.weights, { spec: given, set: options.set });
  // Names and axes of the inputs are the same for every batch size: `x` is only the likeliest place of the right one.
  const likely = file.get('x')?.shape[0];
  const { model: first, warnings } = openForCommand(
    spec,
    { ...options, set },
    { ...mode, batch: likely || 1 },
  );
  const tensors = findInputs(first, file, path);
  const batch = batchOf(first, tensors, path);
  const model = batch === first.batch ? first : openModel(spec, { ...mode, set, batch });
  for (const input of model.inputs) checkShape(model, input, tensors.get(input.name)!, path);
  const targets = new Map([...file].filter(([name]) => name === LABELS || name.startsWith(`${LABELS}.`)));
  return { model, path, tensors, targets, warnings };
}

function findInputs(
  model: ElaboratedModel,
  file: ReadonlyMap<string, Tensor>,
  path: string,
): Map<string, NamedTensor> {
  const single = model.inputs.length === 1;
  const found = new Map<string, NamedTensor>();
  for (const input of model.inputs) {
    const names = single ? [...new Set(['x', input.name])] : [input.name];
    const there = names.filter((name) => file.has(name));
    if (there.length > 1) {
      throw new InputError(
        'two-names',
        `${path} has both \`x\` and \`${input.name}\`, and ${model.name} has one input`,
        'leave one of the two out',
      );
    }
    const [name] = there;
    if (name !== undefined) found.set(input.name, { name, tensor: file.get(name)! });
  }
  const missing = model.inputs.filter(({ name }) => !found.has(name));
  if (missing.length > 0) {
    const names = single ? '`x`' : missing.map(({ name }) => `\`${name}\``).join(', ');
    const held = [...file.keys()].slice(0, 5).join(', ') || 'nothing';
    const takes = model.inputs.map(({ name, dims }) => `\`${name}\` ${formatDims(dims)}`).join(', ');
    throw new InputError(
      'missing-input',
      `${path} has no tensor ${names}, found: ${held}`,
      single ? 'name the input batch `x`' : `${model.name} takes ${takes}: name each tensor as its input`,
    );
  }
  return found;
}

/** The number of samples on which all inputs agree; 1 where none has an axis of samples. */
function batchOf(
  { inputs }: ElaboratedModel,
  tensors: ReadonlyMap<string, NamedTensor>,
  path: string,
): number {
  let agreed: { readonly batch: number; readonly name: string } | undefined;
  for (const input of inputs) {
    const { name, tensor } = tensors.get(input.name)!;
    const axis = input.dims.findIndex((d) => d.batch);
    if (axis < 0) continue;
    const samples = (tensor.shape[axis] ?? 0) / input.dims[axis].size;
    if (!Number.isInteger(samples) || samples < 1) {
      throw new InputError(
        'input-shape',
        `\`${name}\` in ${path} is [${tensor.shape.join(', ')}], expected ${formatDims(input.dims)} with a batch B of at least 1`,
        `give an input ${formatDims(input.dims)}`,
      );
    }
    if (agreed !== undefined && agreed.batch !== samples) {
      throw new InputError(
        'input-batch',
        `${path} holds ${agreed.batch} samples in \`${agreed.name}\`, but ${samples} in \`${name}\``,
        'give all inputs the same batch',
      );
    }
    agreed ??= { batch: samples, name };
  }
  return agreed?.batch ?? 1;
}

function checkShape(model: ElaboratedModel, input: ModelInput, { name, tensor }: NamedTensor, path: string) {
  if (tensor.shape.join() === input.shape.join()) return;
  const takes = model.inputs.length === 1 ? '' : ` as \`${input.name}\``;
  throw new InputError(
    'input-shape',
    `\`${name}\` in ${path} is [${tensor.shape.join(', ')}], ${model.name} takes [${input.shape.join(', ')}]${takes}`,
    'give an input of that shape, or set the model to it (--set size=<H, W>, --set in_channels=C)',
  );
}

/** What a network runs on, checked against it. */
export interface Feed {
  /** Parameters and buffers by name. */
  readonly weights: ReadonlyMap<string, StoredData>;
  /** By input. */
  readonly inputs: ReadonlyMap<string, Float32Array>;
}

/** Reads the weights, and checks the values of the inputs, before any work is done with them. */
export function readFeed({ model, path, tensors }: Given, weightsPath: string): Feed {
  const weights = readWeights(model, weightsPath);
  const inputs = new Map<string, Float32Array>();
  for (const [input, { name, tensor }] of tensors) {
    const data = toFloat32(tensor);
    if (data.some((v) => !Number.isFinite(v))) {
      throw new InputError(
        'input-not-finite',
        `\`${name}\` in ${path} holds NaN or infinity`,
        'give an input of finite numbers',
      );
    }
    inputs.set(input, data);
  }
  return { weights, inputs };
}

/** Puts weights and inputs into an executable, whose graph need not read all of them. */
export function feed(executable: Executable, { weights, inputs }: Feed): void {
  writeStored(executable, weights);
  for (const [name, data] of inputs) if (executable.has('input', name)) executable.write('input', name, data);
}

/**
 * The labels of a section by the input that takes them: class ids, or sets of regions; -1 is ignored. Each is checked
 * against the outputs that it is of.
 *
 * @throws InputError `missing-target`, `target-shape`, `label-range`
 */
export function targetLabels(
  { model, path, targets }: Given,
  section: TrainSection,
): Map<string, Int32Array> {
  const [batch, , ...size] = model.graph.values[model.outputs[0].value].shape;
  const wanted = [batch, ...size];
  const labels = new Map<string, Int32Array>();
  for (const { labels: name, output, loss, regions } of trainedLabels(model.outputs, section)) {
    const target = targets.get(name);
    if (!target) {
      const of = name === LABELS ? '' : `, of the output \`${output.name}\``;
      throw new InputError(
        'missing-target',
        `${path} has no tensor \`${name}\`${of}`,
        'add class ids as int32',
      );
    }
    if (target.shape.join() !== wanted.join()) {
      throw new InputError(
        'target-shape',
        `\`${name}\` in ${path} is [${target.shape.join(', ')}], expected [${wanted.join(', ')}]`,
        `one class id a pixel of ${model.name}'s finest output`,
      );
    }
    const values = toFloat32(target);
    const classes = output.dims[1].size;
    const count = labelValues(loss, classes);
    const wrong = values.find((id) => !Number.isInteger(id) || id < IGNORED || id >= count);
    if (wrong !== undefined) {
      throw new InputError(
        'label-range',
        `\`${name}\` in ${path} holds ${wrong}, but \`${output.name}\` of ${model.name} ${regions ? `has ${classes} regions: sets of them` : `has ${classes} classes: their ids`} are the whole numbers 0 to ${count - 1}, and -1 is ignored`,
        '--set classes=…, or other labels',
      );
    }
    labels.set(name, Int32Array.from(values));
  }
  return labels;
}

/**
 * Writes results as float32, which is what both backends are read with, and whole numbers as int64.
 *
 * @throws JobError `result-not-finite` where one holds NaN or infinity; nothing is written then
 */
export function writeResults(
  path: string,
  entries: readonly (readonly [name: string, shape: readonly number[], data: Elements])[],
): void {
  writeSafetensors(
    path,
    entries.map(([name, shape, data]): [string, Tensor] => {
      if (data instanceof Int32Array) return [name, storedTensor([...shape], data)];
      const values = Float32Array.from(data);
      const wrong = values.find((v) => !Number.isFinite(v));
      if (wrong !== undefined) {
        throw new JobError(
          'result-not-finite',
          `${name} holds ${wrong}; nothing was written`,
          'check the weights and the input for huge values',
        );
      }
      return [name, { dtype: 'F32', shape: [...shape], data: values }];
    }),
  );
}
