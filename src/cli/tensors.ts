import type { Elements, Executable } from '../backend/backend.ts';
import { InputError, JobError } from '../errors.ts';
import type { ElaboratedModel } from '../language/program.ts';
import { readSafetensors, type Safetensors, writeSafetensors } from '../tensors/safetensors.ts';
import { type Tensor, toFloat32 } from '../tensors/tensor.ts';
import { readWeights } from '../training/weights-file.ts';

/** The tensor `x`, and where it is wanted `target`, of `--input`. */
export interface InputTensors {
  readonly batch: number;
  readonly x: Tensor;
  readonly target: Tensor | undefined;
}

export function readInputs(path: string): InputTensors {
  const file: Safetensors = readSafetensors(path);
  const x = file.tensors.get('x');
  if (!x) {
    const found = [...file.tensors.keys()].slice(0, 5).join(', ') || 'nothing';
    throw new InputError(
      'missing-input',
      `${path} has no tensor \`x\`, found: ${found}`,
      'name the input batch `x`',
    );
  }
  if (x.shape.length < 1 || x.shape[0] < 1) {
    throw new InputError(
      'input-shape',
      `\`x\` in ${path} is [${x.shape.join(', ')}], expected a batch of at least 1 first`,
      'give an input [B, C, H, W]',
    );
  }
  return { batch: x.shape[0], x, target: file.tensors.get('target') };
}

/** What a network runs on, checked against it. */
export interface Feed {
  /** By parameter. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly x: Float32Array;
}

/** Reads the weights, and checks them and the input batch, before any work is done with them. */
export function readFeed(
  model: ElaboratedModel,
  weightsPath: string,
  inputPath: string,
  inputs: InputTensors,
): Feed {
  const weights = readWeights(model, weightsPath);
  if (model.inputs.length !== 1) {
    throw new InputError(
      'many-inputs',
      `${model.name} has ${model.inputs.length} inputs; one can be given, as \`x\``,
      'use a model with one `input`',
    );
  }
  const [input] = model.inputs;
  if (inputs.x.shape.join() !== input.shape.join()) {
    throw new InputError(
      'input-shape',
      `\`x\` in ${inputPath} is [${inputs.x.shape.join(', ')}], ${model.name} takes [${input.shape.join(', ')}]`,
      'give an input of that shape, or set the model to it (--set size=<H, W>, --set in_channels=C)',
    );
  }
  const data = toFloat32(inputs.x);
  if (data.some((v) => !Number.isFinite(v))) {
    throw new InputError(
      'input-not-finite',
      `\`x\` in ${inputPath} holds NaN or infinity`,
      'give an input of finite numbers',
    );
  }
  return { weights, x: data };
}

/** Puts weights and the input batch into an executable. */
export function feed(executable: Executable, model: ElaboratedModel, { weights, x }: Feed): void {
  for (const [name, data] of weights)
    if (executable.has('param', name)) executable.write('param', name, data);
  executable.write('input', model.inputs[0].name, x);
}

/** The class ids of `target`, checked against the model's outputs. */
export function targetIds(model: ElaboratedModel, inputs: InputTensors, path: string): Int32Array {
  const { target } = inputs;
  const [batch, classes, ...size] = model.graph.values[model.outputs[0].value].shape;
  const wanted = [batch, ...size];
  if (!target)
    throw new InputError('missing-target', `${path} has no tensor \`target\``, 'add class ids as int32');
  if (target.shape.join() !== wanted.join()) {
    throw new InputError(
      'target-shape',
      `\`target\` in ${path} is [${target.shape.join(', ')}], expected [${wanted.join(', ')}]`,
      `one class id a pixel of ${model.name}'s finest output`,
    );
  }
  const values = toFloat32(target);
  const wrong = values.find((id) => !Number.isInteger(id) || id < 0 || id >= classes);
  if (wrong !== undefined) {
    throw new InputError(
      'label-range',
      `\`target\` in ${path} holds ${wrong}, class ids of ${model.name} are the whole numbers 0 to ${classes - 1}`,
      '--set classes=…, or other labels',
    );
  }
  return Int32Array.from(values);
}

/**
 * Writes results as float32, which is what both backends are read with.
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
      if (data instanceof Int32Array) return [name, { dtype: 'I32', shape: [...shape], data }];
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
