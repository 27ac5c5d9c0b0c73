import {
  type Compiled,
  compileSpec,
  type ElaboratedModel,
  loadSpec,
  memoryFiles,
  parseSafetensors,
  programFiles,
  type StoredData,
  storedTensors,
  type Tensor,
  toFloat32,
  weightsBytes,
} from '../../../src/compiler/index.ts';
import { openProgram } from '../../../src/runtime/index.ts';
import type { Job, Outcome } from './job.ts';

/**
 * Does with `archc/compiler` and `archc/runtime` alone what they are for: compiles a spec, opens the files, predicts
 * and trains some steps on one batch.
 *
 * @param fixture safetensors with weights as `w/…`, `x` and `target`
 */
export async function runJob(
  job: Job,
  fixture: ArrayBuffer,
  device: GPUDevice,
): Promise<Omit<Outcome, 'adapter'>> {
  const { tensors } = parseSafetensors(new Uint8Array(fixture));
  const loaded = loadSpec(job.entry, memoryFiles(job.specs));
  const compiled = compileSpec(loaded, { set: job.set, batch: job.batch });
  const weights = weightsBytes(compiled.model, weightsOf(compiled.model, tensors));
  const files = await programFiles(compiled, weights);

  const calm = await programFiles(withRate(compiled, job.lr), weights);
  const running = await (await openProgram(calm)).start(device);
  const [input] = compiled.model.inputs;
  const batch = { [input.name]: toFloat32(tensors.get('x')!) };
  const outputs = await running.predict(batch);
  const target = Int32Array.from(toFloat32(tensors.get('target')!));
  const losses: number[] = [];
  for (let t = 1; t <= job.steps; t++) losses.push((await running.step({ ...batch, target })).loss);
  const after = await running.predict(batch);
  running.destroy();

  const texts = [...files].filter(([path]) => !path.endsWith('.safetensors'));
  return {
    files: Object.fromEntries(texts.map(([path, bytes]) => [path, new TextDecoder().decode(bytes)])),
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, [...data]])),
    losses,
    moved: Object.keys(outputs).some((name) => outputs[name].data.some((v, i) => v !== after[name].data[i])),
  };
}

/** The same program with a learning rate so small that two implementations do not drift apart in a few steps. */
function withRate({ program, facts }: Compiled, lr: number): Compiled {
  const training = facts.training!;
  return {
    program,
    facts: { ...facts, training: { ...training, optimizer: { ...training.optimizer, lr } } },
  };
}

function weightsOf(model: ElaboratedModel, tensors: ReadonlyMap<string, Tensor>): Map<string, StoredData> {
  return new Map(
    storedTensors(model).map(({ name, dtype }) => {
      const data = toFloat32(tensors.get(`w/${name}`)!);
      return [name, dtype === 'i32' ? Int32Array.from(data) : data];
    }),
  );
}
