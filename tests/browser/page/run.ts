import { TRAINING_STEP, trainingEntries } from '../../../src/autodiff/entries.ts';
import { checkedModel } from '../../../src/compiler/model.ts';
import { planPortably } from '../../../src/compiler/portable.ts';
import { programFiles } from '../../../src/compiler/program-files.ts';
import { kernelRenderer } from '../../../src/compiler/renderer.ts';
import { loadSpec } from '../../../src/language/index.ts';
import { memoryFiles } from '../../../src/language/memory-files.ts';
import { ops } from '../../../src/ops/index.ts';
import type { SourceKind } from '../../../src/program/program.ts';
import { hyperParameters } from '../../../src/recipe/optimizers.ts';
import { Session } from '../../../src/runtime/session.ts';
import { StepReader } from '../../../src/runtime/step-reader.ts';
import { parseSafetensors } from '../../../src/tensors/safetensors-bytes.ts';
import { type Tensor, toFloat32 } from '../../../src/tensors/tensor.ts';
import type { Job, Outcome } from './job.ts';

/**
 * Compiles a spec and runs it: a forward pass, then steps of training on one batch.
 *
 * @param fixture safetensors with weights as `w/…`, `x` and `target`
 */
export async function runJob(
  job: Job,
  fixture: ArrayBuffer,
  device: GPUDevice,
): Promise<Omit<Outcome, 'adapter'>> {
  const { tensors } = parseSafetensors(new Uint8Array(fixture));
  const { model, program, optimizer } = compile(job);
  const session = await Session.create(device, program);
  const write = (kind: SourceKind, name: string, tensor: Tensor, whole = false): void => {
    if (!session.has(kind, name)) return;
    session.write(kind, name, whole ? Int32Array.from(toFloat32(tensor)) : toFloat32(tensor));
  };
  for (const { name } of model.parameters) write('param', name, tensors.get(`w/${name}`)!);
  for (const { name, dtype } of model.buffers) {
    write('buffer', name, tensors.get(`w/${name}`)!, dtype === 'i32');
  }
  write('input', model.inputs[0].name, tensors.get('x')!);
  write('input', 'target', tensors.get('target')!, true);

  session.run('forward');
  const names = model.outputs.map((output) => output.name);
  const values = await session.readOutputs('forward', names);

  const reader = new StepReader(session, TRAINING_STEP);
  const losses: number[] = [];
  for (let t = 1; t <= job.steps; t++) {
    reader.submit(t, { hyper: hyperParameters(optimizer, job.lr, t) });
    losses.push((await reader.next())!.loss);
  }
  reader.destroy();
  session.destroy();
  return {
    files: Object.fromEntries(programFiles(program)),
    outputs: Object.fromEntries(names.map((name) => [name, [...values.get(name)!]])),
    losses,
  };
}

function compile(job: Job) {
  const loaded = loadSpec(job.entry, memoryFiles(job.specs));
  const open = (training: boolean) =>
    checkedModel(loaded, undefined, { set: job.set, batch: job.batch, training }).model;
  const model = open(false);
  const trained = open(true);
  const [section] = trained.train;
  const { entries } = trainingEntries(trained, section, section.optimizer, ops, { predictor: model });
  const planned = planPortably(model, { forward: model.graph, ...entries }, kernelRenderer());
  const program = { ...planned, facts: { config: model.config, train: section } };
  return { model, program, optimizer: section.optimizer };
}
