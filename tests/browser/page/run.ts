import { Renderer } from '../../../codegen/render.ts';
import * as templates from '../../../codegen/templates.ts';
import { hyperParameters } from '../../../src/autodiff/optimizer.ts';
import { trainingGraph } from '../../../src/autodiff/training.ts';
import type { Bundle, TensorInfo } from '../../../src/bundle/manifest.ts';
import { planPortably } from '../../../src/compiler/portable.ts';
import { elaborate, loadSpec, renderDiagnostic } from '../../../src/language/index.ts';
import { memoryFiles } from '../../../src/language/memory-files.ts';
import type { ElaboratedModel } from '../../../src/language/model.ts';
import { ops } from '../../../src/ops/index.ts';
import { Session } from '../../../src/runtime/session.ts';
import { StepReader } from '../../../src/runtime/step-reader.ts';
import { parseSafetensors } from '../../../src/tensors/safetensors-bytes.ts';
import { type Tensor, toFloat32 } from '../../../src/tensors/tensor.ts';
import type { Job, Outcome } from './job.ts';

type Tensors = ReadonlyMap<string, Tensor>;

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
  const { model, forward, training, optimizer } = compile(job);

  const inference = await Session.create(device, forward);
  fill(inference, tensors, model);
  inference.run();
  const names = model.outputs.map((output) => output.name);
  const values = await inference.read('output', names);
  inference.destroy();

  const session = await Session.create(device, training);
  fill(session, tensors, model);
  const reader = new StepReader(session);
  const losses: number[] = [];
  for (let t = 1; t <= job.steps; t++) {
    session.write('input', 'hyper', hyperParameters(optimizer, job.lr, t));
    reader.submit(t);
    losses.push((await reader.next())!.loss);
  }
  reader.destroy();
  session.destroy();
  return {
    files: { ...files('forward', forward), ...files('train', training) },
    outputs: Object.fromEntries(names.map((name) => [name, [...values.get(name)!]])),
    losses,
  };
}

function compile(job: Job) {
  const loaded = loadSpec(job.entry, memoryFiles(job.specs));
  const open = (training: boolean): ElaboratedModel => {
    const { model, diagnostics } = elaborate(loaded, undefined, job.set, job.batch, ops, { training });
    if (model) return model;
    throw new Error(diagnostics.map((d) => renderDiagnostic(d, loaded.sources, { color: false })).join('\n'));
  };
  const renderer = new Renderer(templates);
  const model = open(false);
  const trained = open(true);
  const [section] = trained.train;
  const { graph } = trainingGraph(trained, section, section.optimizer, ops);
  return {
    model,
    forward: planPortably(model, model.graph, 'the forward pass', renderer),
    training: planPortably(model, graph, 'the training step', renderer),
    optimizer: section.optimizer,
  };
}

function files(folder: string, { manifest, wgsl }: Bundle): Record<string, string> {
  const kernels = [...wgsl].map(([name, text]) => [`${folder}/${name}.wgsl`, text]);
  return { [`${folder}/manifest.json`]: `${JSON.stringify(manifest)}\n`, ...Object.fromEntries(kernels) };
}

function fill(session: Session, tensors: Tensors, model: ElaboratedModel): void {
  const write = (kind: TensorInfo['kind'], name: string, tensor: Tensor, whole = false): void => {
    if (!session.has(kind, name)) return;
    session.write(kind, name, whole ? Int32Array.from(toFloat32(tensor)) : toFloat32(tensor));
  };
  for (const { name } of model.parameters) write('param', name, tensors.get(`w/${name}`)!);
  for (const { name, dtype } of model.buffers) {
    write('buffer', name, tensors.get(`w/${name}`)!, dtype === 'i32');
  }
  write('input', model.inputs[0].name, tensors.get('x')!);
  write('input', 'target', tensors.get('target')!, true);
}
