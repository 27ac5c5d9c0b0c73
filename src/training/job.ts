import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { WebgpuBackend } from '../backend/webgpu.ts';
import { InputError } from '../errors.ts';
import type { OpTable } from '../ir/op.ts';
import { type ElaboratedModel, storedTensors, type TrainSection } from '../language/program.ts';
import { writeLossPlot } from '../report/loss-plot.ts';
import type { StepResult } from '../runtime/step-reader.ts';
import { writeFileAtomic } from '../tensors/atomic-file.ts';
import { makeFolder } from '../tensors/output-path.ts';
import { writeSafetensors } from '../tensors/safetensors.ts';
import { storedTensor } from '../tensors/tensor.ts';
import { type RunState, readCheckpoint } from './checkpoint.ts';
import { classificationTask } from './classification-task.ts';
import {
  type PretrainedReport,
  type PretrainedSource,
  readPretrained,
  requireAllowed,
} from './pretrained.ts';
import type { PretrainedRow } from './pretrained-match.ts';
import { learningRate } from './schedule.ts';
import { segmentationTask } from './segmentation-task.ts';
import { imageInput, type TaskResult, type TrainingTask } from './task.ts';
import { type TrainResult, train } from './train.ts';
import { type TrainedOn, trainedOnMetadata } from './trained-on.ts';

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
  /** First weights from a file. A run that goes on has its own. */
  readonly pretrained?: PretrainedSource;
  /** Test on the test images afterwards. */
  readonly test: boolean;
  readonly budgetSeconds?: number;
  readonly signal?: AbortSignal;
  onCompiled(step: { readonly kernels: number; readonly dispatches: number; readonly bytes: number }): void;
  onStep(result: StepResult, steps: number): void;
  onShortened(steps: number, secondsPerStep: number): void;
  onCase(done: number, total: number, id: string): void;
  /** What the data say of themselves that is not used, where there is such; once. */
  onRemarks(remarks: readonly string[]): void;
  /** What was found in the pretrained file, before anything that does not fit ends the job. */
  onPretrained(report: PretrainedReport): void;
}

export interface JobReport extends TaskResult {
  readonly folder: string;
  readonly finished: boolean;
  readonly steps: number;
  readonly loss: number;
  /** Training alone. */
  readonly seconds: number;
  readonly adapter: string;
  /** What the data say of themselves that is not used. */
  readonly remarks: readonly string[];
  /** What was loaded at the start; absent where the run went on from a checkpoint or began anew. */
  readonly pretrained?: {
    readonly path: string;
    readonly section: string | undefined;
    readonly tensors: readonly PretrainedRow[];
  };
}

/** Trains on a data set and leaves everything about it in a folder. */
export async function trainJob(options: JobOptions): Promise<JobReport> {
  const { model, section, folder } = options;
  const task = taskOf(options);
  const checkpointPath = join(folder, 'checkpoint.safetensors');
  const resume = options.resume ? openCheckpoint(checkpointPath, options) : undefined;
  if (options.test) task.checkTest();
  if (task.remarks.length > 0) options.onRemarks(task.remarks);
  const pretrained = resume ? undefined : loadPretrained(options);
  const seed = resume?.seed ?? options.seed ?? section.seed;
  const undo = makeFolder(folder);
  let result: TrainResult;
  try {
    result = await train({
      ...options,
      batches: task.batches(seed),
      checkpointPath,
      resume,
      weights: pretrained?.weights,
      seed,
      steps: resume?.steps ?? options.steps ?? section.steps,
    });
  } catch (error) {
    undo();
    throw error;
  }
  writeResults(folder, model, section, result.state, task.trainedOn);
  let tested: TaskResult = {};
  if (options.test && result.finished) {
    tested = await task.test({ ...options, weights: result.state.weights });
  }
  const report = jobReport(options, result, tested, pretrained, task.remarks);
  writeFileAtomic(join(folder, 'metrics.json'), `${JSON.stringify(metricsOf(report, model), null, 1)}\n`);
  return report;
}

function jobReport(
  { folder, backend }: JobOptions,
  result: TrainResult,
  tested: TaskResult,
  pretrained: PretrainedReport | undefined,
  remarks: readonly string[],
): JobReport {
  const { state, finished, seconds } = result;
  return {
    folder,
    finished,
    steps: state.step,
    loss: state.losses.at(-1) ?? Number.NaN,
    seconds,
    adapter: backend.description,
    pretrained: pretrained && {
      path: pretrained.path,
      section: pretrained.section?.name,
      tensors: pretrained.rows,
    },
    remarks,
    ...tested,
  };
}

/** Segmentation networks have outputs [B, classes, H, W], classifiers [B, classes]. */
function taskOf(options: JobOptions): TrainingTask {
  const { model } = options;
  imageInput(model);
  const { shape } = model.graph.values[model.outputs[0].value];
  if (shape.length === 2) return classificationTask(options);
  if (shape.length === 4) return segmentationTask(options);
  throw new InputError(
    'not-2d',
    `${model.name} gives [${shape.join(', ')}]; training needs [B, classes, H, W] or [B, classes]`,
    'give a segmentation network or a classifier of 2-D images',
  );
}

function loadPretrained({ model, pretrained, onPretrained }: JobOptions): PretrainedReport | undefined {
  if (!pretrained) return undefined;
  const report = readPretrained(model, pretrained);
  onPretrained(report);
  requireAllowed(report);
  return report;
}

/** What `metrics.json` holds. */
function metricsOf(report: JobReport, model: ElaboratedModel) {
  const { test, classification, pretrained, ...run } = report;
  const scores = classification
    ? { accuracy: classification.accuracy }
    : { dsc: test?.dsc ?? null, otsu_dsc: test?.otsuDsc ?? null };
  return {
    ...scores,
    seconds: run.seconds,
    adapter: run.adapter,
    finished: run.finished,
    steps: run.steps,
    loss: run.loss,
    model: model.name,
    config: model.config,
    batch: model.batch,
    data_remarks: run.remarks,
    pretrained: pretrained ? { path: pretrained.path, loaded: loadedCount(pretrained.tensors) } : null,
    classes: (test ?? classification)?.classes ?? {},
    images:
      classification?.images ??
      test?.images.map(({ id, dsc, otsuDsc }) => ({ id, dsc, otsu_dsc: otsuDsc ?? null })) ??
      [],
  };
}

const loadedCount = (rows: readonly PretrainedRow[]) => rows.filter((r) => r.status === 'loaded').length;

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

function writeResults(
  folder: string,
  model: ElaboratedModel,
  section: TrainSection,
  state: RunState,
  data: TrainedOn,
): void {
  writeSafetensors(
    join(folder, 'weights.safetensors'),
    storedTensors(model).map(
      (p) => [p.name, storedTensor([...p.shape], state.weights.get(p.name)!)] as const,
    ),
    trainedOnMetadata(data),
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
