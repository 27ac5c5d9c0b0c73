import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { WebgpuBackend } from '../backend/webgpu.ts';
import { labelledSlices } from '../data/case.ts';
import { type Dataset, openDataset } from '../data/dataset.ts';
import { normaliseSlices } from '../data/normalise.ts';
import { InputError } from '../errors.ts';
import type { OpTable } from '../ir/op.ts';
import type { ElaboratedModel, TrainSection } from '../language/program.ts';
import { writeLossPlot } from '../report/loss-plot.ts';
import type { StepResult } from '../runtime/step-reader.ts';
import { writeFileAtomic } from '../tensors/atomic-file.ts';
import { makeFolder } from '../tensors/output-path.ts';
import { writeSafetensors } from '../tensors/safetensors.ts';
import { float32Tensor } from '../tensors/tensor.ts';
import { type RunState, readCheckpoint } from './checkpoint.ts';
import { Segmenter } from './predict.ts';
import { learningRate } from './schedule.ts';
import { loadCases, type TestReport, testOn } from './test-set.ts';
import { type TrainResult, train } from './train.ts';

export interface JobOptions {
  /** Elaborated for training, with the section's batch. */
  readonly model: ElaboratedModel;
  /** Elaborated for prediction. */
  readonly predictor: ElaboratedModel;
  readonly section: TrainSection;
  readonly data: string;
  readonly folder: string;
  readonly backend: WebgpuBackend;
  readonly ops: OpTable;
  /** Instead of the section's; a run that goes on keeps its own. */
  readonly seed?: number;
  readonly steps?: number;
  readonly checkpointEvery: number;
  readonly resume: boolean;
  /** Segment the test images afterwards. */
  readonly test: boolean;
  readonly budgetSeconds?: number;
  readonly signal?: AbortSignal;
  onStep(result: StepResult, steps: number): void;
  onShortened(steps: number, secondsPerStep: number): void;
  onCase(done: number, total: number, id: string): void;
}

export interface JobReport {
  readonly folder: string;
  readonly finished: boolean;
  readonly steps: number;
  readonly loss: number;
  /** Training alone. */
  readonly seconds: number;
  readonly adapter: string;
  readonly test: TestReport | undefined;
}

/** Trains on a data set and leaves everything about it in a folder. */
export async function trainJob(options: JobOptions): Promise<JobReport> {
  const { model, section, folder, backend } = options;
  const dataset = openDataset(options.data);
  checkDataset(dataset, model);
  const cases = loadCases(dataset.training, dataset);
  const slices = labelledSlices(cases.map((c) => ({ ...c, slices: normaliseSlices(c.slices) })));
  const checkpointPath = join(folder, 'checkpoint.safetensors');
  const resume = options.resume ? openCheckpoint(checkpointPath, options) : undefined;
  if (options.test) checkTestImages(dataset);
  const undo = makeFolder(folder);
  let result: TrainResult;
  try {
    result = await train({
      ...options,
      slices,
      checkpointPath,
      resume,
      seed: resume?.seed ?? options.seed ?? section.seed,
      steps: resume?.steps ?? options.steps ?? section.steps,
    });
  } catch (error) {
    undo();
    throw error;
  }
  writeResults(folder, model, section, result.state);
  let test: TestReport | undefined;
  if (options.test && result.finished) {
    const segmenter = await Segmenter.create(backend, options.predictor, result.state.weights);
    test = await testOn(segmenter, dataset, folder, options);
    segmenter.destroy();
  }
  const report = jobReport(options, result, test);
  writeFileAtomic(join(folder, 'metrics.json'), `${JSON.stringify(metricsOf(report, model), null, 1)}\n`);
  return report;
}

function jobReport(
  { folder, backend }: JobOptions,
  result: TrainResult,
  test: TestReport | undefined,
): JobReport {
  const { state, finished, seconds } = result;
  return {
    folder,
    finished,
    steps: state.step,
    loss: state.losses.at(-1) ?? Number.NaN,
    seconds,
    adapter: backend.description,
    test,
  };
}

/** What `metrics.json` holds. */
function metricsOf(report: JobReport, model: ElaboratedModel) {
  const { test, ...run } = report;
  return {
    dsc: test?.dsc ?? null,
    otsu_dsc: test?.otsuDsc ?? null,
    seconds: run.seconds,
    adapter: run.adapter,
    finished: run.finished,
    steps: run.steps,
    loss: run.loss,
    model: model.name,
    config: model.config,
    batch: model.batch,
    classes: test?.classes ?? {},
    images: test?.images.map(({ id, dsc, otsuDsc }) => ({ id, dsc, otsu_dsc: otsuDsc ?? null })) ?? [],
  };
}

function openCheckpoint(path: string, { model, section, steps, seed }: JobOptions): RunState {
  if (!existsSync(path)) {
    throw new InputError('no-checkpoint', `${path} does not exist`, 'start the run without --resume');
  }
  const run = readCheckpoint(path, model);
  const differs = (what: string, theirs: string | number, ours: string | number | undefined) => {
    if (ours === undefined || ours === theirs) return;
    throw new InputError(
      'checkpoint-mismatch',
      `${path} belongs to a run with ${what} ${theirs}, asked for is ${ours}`,
      'go on with the settings of the run, or start a new one without --resume',
    );
  };
  differs('train section', run.section, section.name);
  differs('seed', run.seed, seed);
  differs('number of steps', run.steps, steps);
  return run;
}

/** A test image that can't be read must not come to light after hours of training. */
function checkTestImages(dataset: Dataset): void {
  const labelled = dataset.test.filter((files) => files.label !== undefined);
  if (labelled.length === 0) {
    throw new InputError(
      'no-test-images',
      `${dataset.folder} has no test images with labels (imagesTs, labelsTs)`,
      'leave --test out',
    );
  }
  loadCases(labelled, dataset);
}

function writeResults(folder: string, model: ElaboratedModel, section: TrainSection, state: RunState): void {
  writeSafetensors(
    join(folder, 'weights.safetensors'),
    model.parameters.map((p) => [p.name, float32Tensor([...p.shape], state.weights.get(p.name)!)] as const),
  );
  const { losses, steps } = state;
  if (losses.length === 0) return;
  writeLossPlot(join(folder, 'loss.svg'), {
    title: `${model.name}, ${section.name}: ${losses.length} steps`,
    loss: losses.map((loss, i) => [i + 1, loss] as const),
    learningRate: losses.map(
      (_, i) => [i + 1, learningRate(section.schedule, section.optimizer.lr, i, steps)] as const,
    ),
  });
}

function checkDataset(dataset: Dataset, model: ElaboratedModel): void {
  const classes = model.graph.values[model.outputs[0].value].shape[1];
  if (classes !== dataset.classes.length) {
    throw new InputError(
      'classes-mismatch',
      `${dataset.name} has ${dataset.classes.length} classes (background included), ${model.name} has ${classes}`,
      `--set classes=${dataset.classes.length}`,
    );
  }
}
