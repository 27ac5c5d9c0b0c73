import {
  compileSpec,
  initialiseAll,
  loadSpec,
  memoryFiles,
  programFiles,
  storedTensors,
  weightsBytes,
} from '../../src/compiler/index.ts';
import { cpuTarget } from '../../src/kernels/targets.ts';
import { Random } from '../../src/recipe/random.ts';
import { CpuDevice, openProgram } from '../../src/runtime/index.ts';

/** What is trained: texts of specs by path, the one that is compiled, and its settings. */
export interface Training {
  readonly specs: Readonly<Record<string, string>>;
  readonly entry: string;
  readonly set: Readonly<Record<string, string>>;
  readonly batch: number;
  readonly steps: number;
}

/**
 * Trains a model from its first values on, on batches of its own, on the CPU device with plain multiply and add, and
 * gives SHA-256 of its weights. It needs nothing but the engine: not Node, nor a browser.
 *
 * @param threads 0: on the caller's
 */
export async function trained(training: Training, threads: number): Promise<string> {
  const { specs, entry, set, batch, steps } = training;
  const loaded = loadSpec(entry, memoryFiles(specs));
  const compiled = compileSpec(loaded, { set, batch, plan: { target: cpuTarget } });
  const { model } = compiled;
  const files = await programFiles(compiled, weightsBytes(model, initialiseAll(storedTensors(model), 1)));
  const opened = await openProgram(files);
  const running = await opened.start(new CpuDevice({ threads, deterministic: true }), { steps });
  const random = Random.stream(1, 'images');
  const [{ name, shape }] = opened.inputs;
  const [{ shape: classes }] = opened.outputs;
  const size = shape.reduce((n, d) => n * d, 1);
  const pixels = size / shape[1];
  for (let t = 0; t < steps; t++) {
    const image = Float32Array.from({ length: size }, () => random.normal());
    const target = Int32Array.from({ length: pixels }, () => random.integer(0, classes[1]));
    await running.step({ [name]: image, target });
  }
  const weights = await running.weights();
  running.destroy();
  return digest(weights);
}

async function digest(bytes: Uint8Array): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes)));
  return Array.from(hash, (b) => b.toString(16).padStart(2, '0')).join('');
}
