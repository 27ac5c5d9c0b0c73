import { existsSync } from 'node:fs';
import type { KernelBackend } from '../backend/kernels.ts';
import { FILE_ORDER } from '../data/axes.ts';
import { isCache } from '../data/cache/preprocessed-dataset.ts';
import { InputError } from '../errors.ts';
import type { CopiedFile } from '../files/spec-copy.ts';
import type { OpTable } from '../ir/op.ts';
import type { ElaboratedModel, TrainSection } from '../language/model.ts';
import { learningRate, scheduleOf } from '../recipe/schedules.ts';
import { predictingWeightsOf } from './averages.ts';
import { cacheTask } from './cache-task.ts';
import { type Checkpoint, type RunChoices, type RunState, readCheckpoint, stateOf } from './checkpoint.ts';
import { classificationTask } from './classification-task.ts';
import type { StepRecord, ValidationRecord } from './history.ts';
import { type DataIdentity, type PretrainedIdentity, runIdentity } from './identity.ts';
import { type JobReport, jobReport, writeMetrics, writeWeights } from './job-report.ts';
import {
  type PretrainedReport,
  type PretrainedSource,
  pretrainedIdentity,
  readPretrained,
  requireAllowed,
} from './pretrained.ts';
import { Profile } from './profile.ts';
import { choicesNow, requireSameRun, stepsToPlan } from './resume.ts';
import { RunFolder, type RunPlace } from './run-folder.ts';
import { RunOutputs, writeResults, writtenFiles } from './run-outputs.ts';
import { writeRunPage } from './run-page.ts';
import { finishedSeconds } from './run-record.ts';
import { segmentationTask } from './segmentation-task.ts';
import type { TaskOptions, TaskResult, TrainingTask } from './task.ts';
import { type CompiledStep, type TrainResult, train } from './train.ts';
import { weightsMetadata } from './trained-on.ts';
import { heldBackText, validationReport, validatorOf } from './validation-report.ts';

export interface JobOptions {
  /** Elaborated for training, with the section's batch. */
  readonly model: ElaboratedModel;
  /** Elaborated for prediction. */
  readonly predictor: ElaboratedModel;
  readonly section: TrainSection;
  readonly data: string;
  readonly place: RunPlace;
  readonly backend: KernelBackend;
  readonly ops: OpTable;
  /** What the command line chose itself. */
  readonly choices: RunChoices;
  readonly checkpointEvery: number;
  /** Threads that make batches of a preprocessed data set ahead of the device, 1 by default; 0 for none. */
  readonly workers?: number;
  /** Kept in the run's folder: the spec with all its files, see copySpec. */
  readonly sources?: readonly CopiedFile[];
  /** Command line that asked for it; kept in run.json. */
  readonly command?: readonly string[];
  /** First weights from a file. A run that goes on has its own. */
  readonly pretrained?: PretrainedSource;
  /** Write scalars for TensorBoard. */
  readonly tensorboard?: boolean;
  /** Measure where the time of training goes. */
  readonly profile?: boolean;
  /** Test on the test images afterwards. */
  readonly test: boolean;
  /** When training shall end, on the clock of `performance.now()`. */
  readonly deadline?: number;
  readonly signal?: AbortSignal;
  /** Told what the user should know, a line each. */
  remark(text: string): void;
  onCompiled(step: CompiledStep): void;
  onStep(step: number, record: StepRecord, steps: number): void;
  /** @param best no validation before had a higher score */
  onValidation(record: ValidationRecord, best: boolean, score: TrainingTask['score']): void;
  onPlanned(steps: number, secondsPerStep: number): void;
  onCase(done: number, total: number, id: string): void;
  /** What was found in the pretrained file, before anything that does not fit ends the job. */
  onPretrained(report: PretrainedReport): void;
}

/** Trains on a data set and leaves everything about it in a folder. */
export async function trainJob(options: JobOptions): Promise<JobReport> {
  if (options.place.resume) {
    const folder = RunFolder.claim(options.place, options.remark);
    try {
      const before = readCheckpoint(folder.checkpoint);
      // As the run began: before there was a choice, with z.
      const order = before.identity.data?.transpose_forward ?? FILE_ORDER;
      return await runIn(folder, openTask({ ...options, order }), options, before);
    } finally {
      folder.release();
    }
  }
  const task = openTask(options);
  const pretrained = loadPretrained(options);
  const folder = RunFolder.claim(options.place, options.remark);
  try {
    return await runIn(folder, task, options, undefined, pretrained);
  } catch (error) {
    folder.abandon(writtenFiles(folder.path));
    throw error;
  } finally {
    folder.release();
  }
}

/** The task, with its data read and checked. */
function openTask(options: JobOptions & Pick<TaskOptions, 'order'>): TrainingTask {
  const task = taskOf(options);
  if (options.test) task.checkTest();
  for (const text of task.remarks) options.remark(`data: ${text}`);
  return task;
}

async function runIn(
  folder: RunFolder,
  task: TrainingTask,
  options: JobOptions,
  before: Checkpoint | undefined,
  pretrained?: PretrainedReport,
): Promise<JobReport> {
  const { model, section } = options;
  const choices = choicesNow(options.choices, before?.choices);
  const seed = choices.seed ?? section.seed;
  const asked = choices.steps ?? section.steps;
  const data = task.prepare(seed);
  const identity = runIdentity({
    ...{ model, section, seed, steps: asked, data: data.identity },
    pretrained: pretrainedOf(options, before),
  });
  if (before) requireSameRun(before, identity);
  const steps = before ? stepsToPlan(before, options.choices.steps, asked) : asked;
  if (before && steps !== before.steps) options.remark(planText(section, before, steps));
  const trained = before && before.step === steps && before.steps === steps && finishedSeconds(folder);
  if (before && trained !== undefined && trained !== false)
    return reportFinished(folder, task, options, stateOf(before, model), data.identity, trained);
  if (data.validation) options.remark(heldBackText(section, data.identity, steps));
  const validator = validatorOf(options, task, data, folder.path);
  const resume = before && stateOf(before, model);
  const { command = [], sources = [], tensorboard = false } = options;
  const adapter = options.backend.description;
  const about = {
    model,
    section,
    identity,
    seed,
    data: options.data,
    adapter,
    command,
    sources,
    tensorboard,
  };
  const outputs = await RunOutputs.open(folder, task, about, resume);
  const profile = options.profile ? new Profile() : undefined;
  const result = await train({
    ...options,
    validator,
    onAside: (milliseconds) => profile?.beside(milliseconds),
    onTrained: async (executable, entries) => profile?.measure(options.backend, executable, entries),
    onStep: (step, found, planned) => {
      profile?.step(performance.now());
      outputs.step(step, found);
      options.onStep(step, found, planned);
    },
    onCheckpoint: (state, seconds) => outputs.checkpoint(state, seconds),
    onPlateau: (step, best) => {
      options.remark(
        `no validation since step ${best} was better (\`patience = ${section.patience}\`): training ends at step ${step}`,
      );
    },
    onValidation: async (record, best) => {
      if (best) writeWeights(folder.file('best.safetensors'), model, best, task.trainedOn);
      options.onValidation(record, best !== undefined, task.score);
      await outputs.validation(record);
    },
    ...{ identity, choices, seed, steps, inputs: task.inputs },
    batches: profile?.watch(data.batches) ?? data.batches,
    metadata: weightsMetadata(model, task.trainedOn),
    checkpointPath: folder.checkpoint,
    resume,
    weights: pretrained?.weights,
  })
    .then(async (trained) => {
      await outputs.end(trained);
      return { ...trained, seconds: outputs.seconds };
    })
    .finally(async () => {
      await outputs.close();
      data.validation?.close?.();
      await data.batches.close();
    });
  // Testing takes its time.
  if (options.test) await outputs.page();
  const tested = await testOf(folder, task, options, result);
  const report = {
    ...jobReport(adapter, folder.path, result, tested, pretrained, task.remarks),
    validation: validationReport(task, data.identity, result.state.history, section),
    profile: profile?.report(),
  };
  writeMetrics(folder, report, model);
  await outputs.page(tested);
  return report;
}

/** A run that has nothing to do, and is left as it is; it may still be tested. */
async function reportFinished(
  folder: RunFolder,
  task: TrainingTask,
  options: JobOptions,
  state: RunState,
  data: DataIdentity,
  seconds: number,
): Promise<JobReport> {
  const { model, section } = options;
  options.remark(
    `${folder.path} is finished: all ${state.step} steps are done, nothing is trained (--steps for more)`,
  );
  const weights = predictingWeightsOf(model, section, options.ops, state);
  if (!existsSync(folder.file('weights.safetensors')))
    await writeResults(folder, { model, section }, { state, weights }, task);
  const result = { state, weights, finished: true, seconds };
  const tested = await testOf(folder, task, options, result);
  const report = {
    ...jobReport(options.backend.description, folder.path, result, tested, undefined, task.remarks),
    validation: validationReport(task, data, state.history, section),
  };
  if (options.test || !existsSync(folder.file('metrics.json'))) writeMetrics(folder, report, model);
  if (options.test || !existsSync(folder.file('report.html')))
    await writeRunPage(folder.path, { model, section, task, history: state.history, tested });
  return report;
}

async function testOf(
  folder: RunFolder,
  task: TrainingTask,
  options: JobOptions,
  { finished, weights }: TrainResult,
): Promise<TaskResult> {
  if (!options.test || !finished) return {};
  return task.test({ ...options, folder: folder.path, weights });
}

/** What becomes of the schedule where a run is to have another number of steps than before. */
function planText({ schedule, optimizer }: TrainSection, { step, steps: before }: Checkpoint, steps: number) {
  const rate = (planned: number) => learningRate(schedule, optimizer.lr, step, planned).toPrecision(3);
  const what = `${steps} steps instead of ${before}`;
  if (step >= steps || scheduleOf(schedule).steady) return what;
  const was = step < before ? ` (${rate(before)} before)` : '';
  return `${what}: from step ${step + 1} on the learning rate is that of a run of ${steps} steps, ${rate(steps)}${was}`;
}

/** The file that the first weights come from; of a run that goes on, the one that they came from. */
function pretrainedOf(
  { choices, pretrained }: JobOptions,
  before: Checkpoint | undefined,
): PretrainedIdentity | null {
  const own = before?.identity.pretrained ?? null;
  // What the command line chose then stands; so does the spec's own file where it is not at hand any more.
  if (before && !choices.pretrained && (before.choices.pretrained || !existsSync(pretrained?.path ?? '')))
    return pretrained || before.choices.pretrained ? own : null;
  return pretrained ? pretrainedIdentity(pretrained) : null;
}

/** Segmentation networks have outputs [B, classes, H, W], classifiers [B, classes]. */
function taskOf(options: JobOptions & Pick<TaskOptions, 'order'>): TrainingTask {
  const { model, data } = options;
  const { shape } = model.graph.values[model.outputs[0].value];
  const cache = isCache(data);
  if (shape.length === 2 && cache) {
    throw new InputError(
      'bad-dataset',
      `${data} is a data set preprocessed for segmentation; ${model.name} is a classifier`,
      'a folder for each class',
    );
  }
  if (!cache && options.workers !== undefined)
    options.remark(
      '--workers is for preprocessed data sets (archc data preprocess): these batches are made in the main thread',
    );
  if (shape.length === 2) return classificationTask(options);
  if (shape.length === 4) return cache ? cacheTask(options) : segmentationTask(options);
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
