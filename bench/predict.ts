/**
 * What preparing and writing cases beside the device saves: `npm run bench predict SPEC IMAGES [-- --set k=v]… [--spacing H,W] [--rounds 5] [--wait MS]`
 * Segments the images of a folder by turns one case after the other, and with the next one prepared and the one before
 * written by a thread meanwhile; prints the seconds of both, and their ratio, round by round. `--spacing` is that of a
 * plan, to which cases are resampled. The CPU device takes the processors that the thread takes, too; with `--wait` a
 * device stands in for it that takes so many milliseconds a batch of windows and no processor, as a GPU may.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Backend, Elements } from '../src/backend/backend.ts';
import { cpuBackend } from '../src/backend/cpu.ts';
import { initialiseAll } from '../src/compiler/initialise.ts';
import { kernelRenderer } from '../src/compiler/renderer.ts';
import { imagesAt } from '../src/data/case-files.ts';
import { prepareNow, writeNow } from '../src/data/case-work.ts';
import { imageEnding } from '../src/data/image.ts';
import { readVolume } from '../src/data/planning/volume.ts';
import { preparedBytes } from '../src/data/prepared-case.ts';
import { openModel } from '../src/files/open.ts';
import { storedTensors } from '../src/language/model.ts';
import { ops } from '../src/ops/index.ts';
import type { PreprocessingPlan } from '../src/recipe/preprocessing.ts';
import { inputsAsTrained } from '../src/training/image-inputs.ts';
import { Segmenter } from '../src/training/predict.ts';
import { predictCases } from '../src/training/predict-cases.ts';
import { imageShape } from '../src/training/task.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    set: { type: 'string', multiple: true, default: [] },
    spacing: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    wait: { type: 'string' },
  },
});
const [spec, images] = positionals;
const set = Object.fromEntries(values.set.map((t) => t.split(/=(.*)/s, 2) as [string, string]));
const model = openModel(spec, { set, batch: 4 });
const channels = imageShape(model)[1];
const plan = values.spacing === undefined ? undefined : planTo(values.spacing.split(',').map(Number));
const folder = mkdtempSync(join(tmpdir(), 'bench-predict-'));

function planTo([height, width]: number[]): PreprocessingPlan {
  const normalisation = Array.from({ length: channels }, () => ({ kind: 'zscore', masked: false }) as const);
  return { transpose_forward: [0, 1, 2], normalisation, plan_2d: { spacing: [height, width] } };
}

/** A device that computes nothing, which takes a while. */
function waiting(milliseconds: number): Backend {
  const { name, value } = model.outputs[0];
  const logits = new Float32Array(model.graph.values[value].shape.reduce((n, size) => n * size, 1));
  const readOutputs = async (): Promise<Map<string, Elements>> => {
    await new Promise((done) => setTimeout(done, milliseconds));
    return new Map([[name, logits]]);
  };
  const nothing = () => {};
  const executable = { has: () => false, write: nothing, run: nothing, bytes: 0, destroy: nothing };
  return {
    name: 'waiting',
    description: `a device that takes ${milliseconds} ms a batch`,
    prepare: async () => ({ ...executable, readOutputs, read: async () => new Map() }),
    destroy: nothing,
  };
}

const cases = imagesAt(images, undefined).cases.map((files) => ({
  files,
  path: join(folder, `${files.id}${imageEnding(files.images[0])}`),
  bytes: preparedBytes(readVolume(files, { channels }), channels, plan),
}));

function seconds(work: () => void): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
}

const preparing = seconds(() => {
  for (const { files } of cases) prepareNow({ files, channels, readings: [{ plan }] });
});
const writing = seconds(() => {
  for (const { files, path } of cases) {
    const { shape } = readVolume(files, { channels });
    const labels = new Uint8Array(shape[0] * shape[1] * shape[2]);
    writeNow({ path, labels, classes: undefined, like: files.images[0] });
  }
});
const backend = values.wait ? waiting(Number(values.wait)) : cpuBackend(ops, kernelRenderer());
console.log(`${model.name}, ${cases.length} cases of ${images}, on ${backend.description}`);
console.log(
  `of these preparing takes ${preparing.toFixed(2)} s, reading and writing ${writing.toFixed(2)} s`,
);
const segmenter = await Segmenter.create(
  backend,
  model,
  initialiseAll(storedTensors(model), 1),
  inputsAsTrained(model, channels, undefined),
);

async function run(maxBeside: number | undefined): Promise<number> {
  const start = performance.now();
  const shared = { segmenters: [segmenter], readings: [{ plan }], channels, classes: undefined };
  await predictCases(cases, { ...shared, ...(maxBeside !== undefined && { maxBeside }) });
  return (performance.now() - start) / 1000;
}

// Of sources the thread's code is bundled first.
await run(undefined);
console.log('one by one      beside   ratio   (seconds)');
const ratios: number[] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  const found = new Map<number | undefined, number>();
  for (const way of round % 2 === 0 ? [0, undefined] : [undefined, 0]) found.set(way, await run(way));
  const [alone, beside] = [found.get(0)!, found.get(undefined)!];
  ratios.push(beside / alone);
  console.log(
    `${alone.toFixed(2).padStart(10)}${beside.toFixed(2).padStart(12)}${(beside / alone).toFixed(3).padStart(8)}`,
  );
}
ratios.sort((a, b) => a - b);
const middle = ratios[ratios.length >> 1];
console.log(
  `median ${middle.toFixed(3)}, from ${ratios[0].toFixed(3)} to ${ratios[ratios.length - 1].toFixed(3)}`,
);
segmenter.destroy();
backend.destroy();
rmSync(folder, { recursive: true });
