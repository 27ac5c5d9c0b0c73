import type { Elements, Executable } from '../backend/backend.ts';
import { InputError } from '../errors.ts';
import type { ElaboratedModel } from '../language/program.ts';
import { readSafetensors, type Safetensors, writeSafetensors } from '../tensors/safetensors.ts';
import { type Tensor, toFloat32 } from '../tensors/tensor.ts';
import { matchWeights } from '../training/weights.ts';

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
    throw new InputError('input-shape', `\`x\` in ${path} is [${x.shape}], expected a batch first`);
  }
  return { batch: x.shape[0], x, target: file.tensors.get('target') };
}

/** Puts weights, and the input batch after its shape is checked, into an executable. Returns the weights. */
export function feed(
  executable: Executable,
  model: ElaboratedModel,
  weightsPath: string,
  inputPath: string,
  inputs: InputTensors,
): Map<string, Float32Array> {
  const weights = matchWeights(model.parameters, readSafetensors(weightsPath).tensors, weightsPath);
  for (const [name, data] of weights)
    if (executable.has('param', name)) executable.write('param', name, data);
  if (model.inputs.length !== 1) {
    throw new InputError(
      'many-inputs',
      `${model.name} has ${model.inputs.length} inputs; run takes one, as \`x\``,
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
    throw new InputError('input-not-finite', `\`x\` in ${inputPath} holds NaN or infinity`);
  }
  executable.write('input', input.name, data);
  return weights;
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
    );
  }
  const ids = Int32Array.from(target.data as unknown as ArrayLike<number>, Number);
  const wrong = ids.find((id) => id < 0 || id >= classes);
  if (wrong !== undefined) {
    throw new InputError(
      'label-range',
      `\`target\` in ${path} holds ${wrong}, the model has classes 0 to ${classes - 1}`,
      `--set classes=… or relabel`,
    );
  }
  return ids;
}

/** Writes results as float32, which is what both backends are read with. */
export function writeResults(
  path: string,
  entries: readonly (readonly [name: string, shape: readonly number[], data: Elements])[],
): void {
  writeSafetensors(
    path,
    entries.map(([name, shape, data]): [string, Tensor] => [
      name,
      data instanceof Int32Array
        ? { dtype: 'I32', shape: [...shape], data }
        : { dtype: 'F32', shape: [...shape], data: Float32Array.from(data) },
    ]),
  );
}
