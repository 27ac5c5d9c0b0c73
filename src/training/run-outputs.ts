import { existsSync } from 'node:fs';
import { writePlan } from '../data/planning/plan-file.ts';
import type { CopiedFile } from '../files/spec-copy.ts';
import type { TrainSection } from '../language/model.ts';
import { eventFiles } from '../report/event-names.ts';
import { writeFileAtomic } from '../tensors/atomic-file.ts';
import type { RunState } from './checkpoint.ts';
import type { StepRecord, ValidationRecord } from './history.ts';
import { writeWeights } from './job-report.ts';
import { curveFiles, drawing, runCurves, writeCurves } from './run-curves.ts';
import { RunEvents } from './run-events.ts';
import type { RunFolder } from './run-folder.ts';
import { writeRunPage } from './run-page.ts';
import { type RunAbout, RunRecord } from './run-record.ts';
import type { TaskResult, TrainingTask } from './task.ts';
import type { TrainResult } from './train.ts';
import { thinPictures, VALIDATION_PICTURES } from './validation-pictures.ts';

/** What is left in the folder of a run that has no checkpoint, of no use without one. */
export const writtenFiles = (folder: string): readonly string[] => [
  ...['best.safetensors', 'run.json', 'losses.jsonl', 'spec', 'plan.json', 'report.html'],
  ...[...curveFiles, VALIDATION_PICTURES, ...eventFiles(folder)],
];

/**
 * Where validations follow each other quickly, so many times as long as writing the page took it is not written anew.
 */
const PAUSE = 20;

export interface OutputsAbout extends Omit<RunAbout, 'section' | 'trainedOn'> {
  readonly section: TrainSection;
  /** The spec with all its files, see copySpec. */
  readonly sources: readonly CopiedFile[];
  /** Write scalars for TensorBoard. */
  readonly tensorboard: boolean;
}

/** All that a run tells of itself in its folder, beside its checkpoints, while it trains and at its end. */
export class RunOutputs {
  readonly #folder: RunFolder;
  readonly #task: TrainingTask;
  readonly #about: OutputsAbout;
  readonly #record: RunRecord;
  readonly #events: RunEvents | undefined;
  readonly #steps: StepRecord[];
  readonly #validations: ValidationRecord[];
  /** When the page may be written anew, on the clock of `performance.now()`. */
  #nextPage = 0;

  private constructor(
    folder: RunFolder,
    task: TrainingTask,
    about: OutputsAbout,
    resume: RunState | undefined,
    events: RunEvents | undefined,
  ) {
    this.#folder = folder;
    this.#task = task;
    this.#about = about;
    this.#events = events;
    this.#steps = [...(resume?.history.steps ?? [])];
    this.#validations = [...(resume?.history.validations ?? [])];
    const { trainedOn } = task;
    this.#record = new RunRecord(folder, { ...about, section: about.section.name, trainedOn }, resume);
  }

  /**
   * Begins them. Spec and plan stay as the run began; what is beyond the checkpoint that it goes on from goes, as its
   * steps are made again.
   */
  static async open(
    folder: RunFolder,
    task: TrainingTask,
    about: OutputsAbout,
    resume: RunState | undefined,
  ): Promise<RunOutputs> {
    const index = about.sources.at(-1);
    if (index && !existsSync(folder.file(index.path)))
      for (const { path, text } of about.sources) writeFileAtomic(folder.file(path), text);
    const plan = folder.file('plan.json');
    if (task.plan && (resume === undefined || !existsSync(plan))) writePlan(plan, task.plan);
    thinPictures(folder.path, resume?.history.validations ?? []);
    const events = await RunEvents.open(folder.path, about.tensorboard, resume);
    try {
      return new RunOutputs(folder, task, about, resume, events);
    } catch (error) {
      events?.close();
      throw error;
    }
  }

  /** Seconds of training, those of earlier parts included. */
  get seconds(): number {
    return this.#record.seconds;
  }

  step(step: number, record: StepRecord): void {
    this.#steps.push(record);
    this.#record.step(step, record);
    this.#events?.step(step, record);
  }

  async validation(record: ValidationRecord): Promise<void> {
    this.#validations.push(record);
    this.#events?.validation(record);
    if (performance.now() >= this.#nextPage) await this.page();
  }

  checkpoint(state: RunState, seconds: number): void {
    this.#record.checkpoint(state, seconds);
    // Only now: a run that goes on from an earlier checkpoint has fewer validations, of which more are kept.
    thinPictures(this.#folder.path, state.history.validations);
    // What the end needs is loaded while the run trains, as it may outlive the files that it was started from.
    // Where that fails, the end of the run says so.
    drawing().catch(() => {});
  }

  /** Weights and curves. */
  async end({ state, weights, finished, seconds }: TrainResult): Promise<void> {
    const { model, section } = this.#about;
    await writeResults(this.#folder, { model, section }, { state, weights }, this.#task);
    this.#record.end(finished ? 'finished' : 'stopped', state, seconds);
  }

  /** Writes the page anew, of what is there by now. */
  async page(tested?: TaskResult): Promise<void> {
    const { model, section } = this.#about;
    const history = { steps: this.#steps, validations: this.#validations };
    const started = performance.now();
    await writeRunPage(this.#folder.path, { model, section, task: this.#task, history, tested });
    const ended = performance.now();
    this.#nextPage = ended + PAUSE * (ended - started);
  }

  /** Whatever has happened. */
  async close(): Promise<void> {
    this.#events?.close();
    const failed = !this.#record.close();
    if (!failed || !existsSync(this.#folder.checkpoint)) return;
    // What ended the run is the failure to report.
    await this.page().catch(() => {});
  }
}

/** Weights and curves of a run that has come to its end. */
export async function writeResults(
  folder: RunFolder,
  { model, section }: Pick<OutputsAbout, 'model' | 'section'>,
  { state, weights }: Pick<TrainResult, 'state' | 'weights'>,
  task: TrainingTask,
): Promise<void> {
  writeWeights(folder.file('weights.safetensors'), model, weights, task.trainedOn);
  const curves = await runCurves(state.history, task, `${model.name}, ${section.name}`);
  writeCurves(curves, (file) => folder.file(file));
}
