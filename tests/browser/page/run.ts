import { TRAINING_STEP, trainingEntries } from '../../../src/autodiff/entries.ts';
import { factsOf, trainingFacts } from '../../../src/compiler/facts.ts';
import { checkedModel } from '../../../src/compiler/model.ts';
import { planPortably } from '../../../src/compiler/portable.ts';
import { programFiles } from '../../../src/compiler/program-files.ts';
import { kernelRenderer } from '../../../src/compiler/renderer.ts';
import { loadSpec } from '../../../src/language/index.ts';
import { memoryFiles } from '../../../src/language/memory-files.ts';
import { storedTensors } from '../../../src/language/model.ts';
import { ops } from '../../../src/ops/index.ts';
import { hyperParameters } from '../../../src/recipe/optimizers.ts';
import { openProgram } from '../../../src/runtime/compiled-model.ts';
import { StepReader } from '../../../src/runtime/step-reader.ts';
import { parseSafetensors, serializeSafetensors } from '../../../src/tensors/safetensors-bytes.ts';
import { storedTensor, toFloat32 } from '../../../src/tensors/tensor.ts';
import type { Job, Outcome } from './job.ts';

/**
 * Compiles a spec, opens the files as any runtime does, and runs them: a forward pass, then steps of training on one
 * batch.
 *
 * @param fixture safetensors with weights as `w/…`, `x` and `target`
 */
export async function runJob(
  job: Job,
  fixture: ArrayBuffer,
  device: GPUDevice,
): Promise<Omit<Outcome, 'adapter'>> {
  const { tensors } = parseSafetensors(new Uint8Array(fixture));
  const { model, program, section } = compile(job);
  const weights = storedTensors(model).map(({ name, shape, dtype }) => {
    const data = toFloat32(tensors.get(`w/${name}`)!);
    return [name, storedTensor([...shape], dtype === 'i32' ? Int32Array.from(data) : data)] as const;
  });
  const facts = factsOf(model, program, trainingFacts(model, section, TRAINING_STEP));
  const files = await programFiles(program, facts, serializeSafetensors(weights));

  const running = await (await openProgram(files)).start(device);
  const { session } = running;
  const [input] = model.inputs;
  const outputs = await running.predict({ [input.name]: toFloat32(tensors.get('x')!) });
  session.write('input', 'target', Int32Array.from(toFloat32(tensors.get('target')!)));

  const reader = new StepReader(session, TRAINING_STEP);
  const losses: number[] = [];
  for (let t = 1; t <= job.steps; t++) {
    reader.submit(t, { hyper: hyperParameters(section.optimizer, job.lr, t) });
    losses.push((await reader.next())!.loss);
  }
  reader.destroy();
  running.destroy();
  return {
    files: Object.fromEntries(
      [...files]
        .filter(([path]) => !path.endsWith('.safetensors'))
        .map(([path, bytes]) => [path, new TextDecoder().decode(bytes)]),
    ),
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, [...data]])),
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
  const program = planPortably(model, { forward: model.graph, ...entries }, kernelRenderer());
  return { model, program, section };
}
