import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { trainingEntries } from '../autodiff/entries.ts';
import { readStored, writeStored } from '../backend/backend.ts';
import type { KernelBackend, KernelExecutable } from '../backend/kernels.ts';
import { initialiseStored } from '../compiler/initialise.ts';
import type { Batches } from '../data/batches.ts';
import { InputError, JobError } from '../errors.ts';
import type { OpTable } from '../ir/op.ts';
import {
  type ElaboratedModel,
  type StoredTensor,
  storedTensors,
  type TrainSection,
} from '../language/model.ts';
import { learningRate } from '../recipe/schedules.ts';
import { StepReader, type StepResult } from '../runtime/step-reader.ts';
import type { StoredData } from '../tensors/tensor.ts';
import { predictingWeights } from './averages.ts';
import { type RunChoices, type RunState, writeCheckpoint } from './checkpoint.ts';
import { bestOf, type StepRecord, type ValidationRecord } from './history.ts';
import type { RunIdentity } from './identity.ts';
import type { ImageInputs } from './image-inputs.ts';
import { Budget, Pace } from './pace.ts';
import { dispatchesOf, entriesOf, stepParts } from './steps.ts';
import type { Validator } from './validation.ts';

/** Share of a step's expected time that is slept before its result is awaited: waiting keeps a core busy. */
const SLEEP = 0.8;

export interface CompiledStep {
  readonly kernels: number;
  readonly dispatches: number;
  /** Of device memory. */
  readonly bytes: number;
  readonly recomputation: KernelExecutable['recomputation'];
}

export interface TrainOptions {
  readonly model: ElaboratedModel;
  readonly section: TrainSection;
  /** Training data, at their first step. */
  readonly batches: Batches;
  readonly backend: KernelBackend;
  readonly ops: OpTable;
  readonly identity: RunIdentity;
  readonly choices: RunChoices;
  readonly seed: number;
  /** Steps to plan for at first. */
  readonly steps: number;
  /** Of the weights, kept with checkpoints. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Scores the network on held-back data, every `validate` steps of the section. */
  readonly validator?: Validator;
  /** How the network is fed. */
  readonly inputs: ImageInputs;
  /** Where checkpoints go. */
  readonly checkpointPath: string;
  readonly checkpointEvery: number;
  /** Goes on from here. */
  readonly resume?: RunState;
  /** First weights and buffers instead of the spec's initialisers. */
  readonly weights?: ReadonlyMap<string, StoredData>;
  /** Stops after the step in flight, with a checkpoint. */
  readonly signal?: AbortSignal;
  /**
   * When training shall end, on the clock of `performance.now()`. From the pace of the steps done it is worked out
   * again and again how many fit, never more than were asked for; the schedule is then that of a run of so many.
   */
  readonly deadline?: number;
  /** Called once the step is compiled: what one step dispatches. */
  onCompiled?(step: CompiledStep): void;
  /** Called for every step, in order. */
  onStep?(step: number, record: StepRecord, steps: number): void;
  /** Called where the deadline changes the number of steps. */
  onPlanned?(steps: number, secondsPerStep: number): void;
  /** Called where training ends early: validations since step `best` were no better. */
  onPlateau?(step: number, best: number): void;
  /** Called for every validation; for the best so far with the weights and buffers that it was made with. */
  onValidation?(record: ValidationRecord, best: ReadonlyMap<string, StoredData> | undefined): Promise<void>;
  /** Called with the milliseconds that a validation or a checkpoint between steps took. */
  onAside?(milliseconds: number): void;
  /** Called at the end with what trained, and the entries of the last step; all is saved, so that values may change. */
  onTrained?(executable: KernelExecutable, entries: readonly string[]): Promise<void>;
  /** Called with every checkpoint. */
  onCheckpoint?(state: RunState, secondsSoFar: number): void;
}

export interface TrainResult {
  readonly state: RunState;
  /** Parameters and buffers that predict: averages, where the section asks for them. */
  readonly weights: ReadonlyMap<string, StoredData>;
  readonly finished: boolean;
  readonly seconds: number;
}

/**
 * The training loop over one program, which validates too. One submission a step; losses come back some steps later and are checked then, while the
 * device itself never applies an update of a step whose loss or gradient is not finite.
 *
 * @throws JobError `loss-not-finite` that names the step; the last checkpoint stays as it is
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { model, section, backend, ops, seed, resume, signal, validator } = options;
  const started = performance.now();
  const loader = options.batches;
  const { predictor } = validator ?? {};
  const { accumulate, score_decay, patience } = section;
  const averaging = section.ema > 0;
  const {
    entries,
    groups,
    state: stateNames,
  } = trainingEntries(model, section, section.optimizer, ops, {
    ...{ predictor, accumulate: accumulate > 1, ema: averaging, thaws: true },
  });
  // The loader counts batches, of which a step may take several.
  if (resume) loader.restore({ ...resume.loader, step: resume.step * accumulate });
  const executable = await backend.prepare(entries, model.name, model.batch);
  const { session } = executable;
  const { kernels } = session.program;
  const dispatches = dispatchesOf(session, section);
  const { bytes, recomputation } = executable;
  options.onCompiled?.({ kernels: kernels.length, dispatches, bytes, recomputation });
  const records: StepRecord[] = [...(resume?.history.steps ?? [])];
  const validations = [...(resume?.history.validations ?? [])];
  let steps = options.steps;
  let done = resume?.step ?? 0;
  const stored = storedTensors(model);
  const first = (t: StoredTensor) =>
    (resume?.weights ?? options.weights)?.get(t.name) ?? initialiseStored(t, seed);
  try {
    writeStored(executable, new Map(stored.map((t) => [t.name, first(t)])));
    if (resume) restoreOptimizer(executable, stateNames, resume);
  } catch (error) {
    executable.destroy();
    throw error;
  }

  const reader = new StepReader(session);
  const pace = new Pace(performance.now());
  const asked = Number(options.identity.train['steps']);
  const budget = options.deadline === undefined ? undefined : new Budget(options.deadline, asked);
  /** Learning rates of the steps in flight. */
  const rates = new Map<number, number>();
  const take = (result: StepResult) => {
    if (!Number.isFinite(result.loss) || !Number.isFinite(result.gradNorm)) {
      throw new JobError(
        'loss-not-finite',
        `step ${result.step}: the loss is ${result.loss}, the gradient norm ${result.gradNorm}; training stopped`,
        stoppedHint(options.checkpointPath),
      );
    }
    const record = { loss: result.loss, rate: rates.get(result.step)!, gradNorm: result.gradNorm };
    rates.delete(result.step);
    records.push(record);
    done = result.step;
    pace.step(performance.now());
    options.onStep?.(done, record, steps);
  };
  const drain = async () => {
    for (let r = await reader.next(); r; r = await reader.next()) take(r);
  };
  const readWeights = async (): Promise<Map<string, StoredData>> => {
    await drain();
    const names = stored.map((t) => t.name);
    const weights = (await readStored(executable, names)) as Map<string, StoredData>;
    checkFinite([...weights], done, options.checkpointPath);
    for (const t of stored) {
      // A head of weight 0 is in no entry; it keeps its first values.
      if (!weights.has(t.name)) weights.set(t.name, first(t));
    }
    return weights;
  };
  const history = () => ({ steps: [...records], validations: [...validations] });
  const snapshot = async (): Promise<RunState> => {
    const weights = await readWeights();
    const optimizer = (await executable.read('state', stateNames)) as Map<string, Float32Array>;
    checkFinite([...optimizer], done, options.checkpointPath);
    return {
      step: done,
      steps,
      identity: options.identity,
      choices: options.choices,
      loader: { ...loader.state(), step: done * accumulate },
      history: history(),
      weights,
      optimizer,
    };
  };
  const save = (state: RunState) => {
    writeCheckpoint(options.checkpointPath, model, state, options.metadata);
    options.onCheckpoint?.(state, (performance.now() - started) / 1000);
  };
  const validate = async (on: Validator) => {
    await drain();
    const own = averaging ? await snapshot() : undefined;
    if (own) writeStored(executable, predictingWeights(section, groups, own));
    const record = { step: done, ...(await on.score(executable)) };
    await on.draw(executable, done);
    if (own) writeStored(executable, own.weights);
    validations.push(record);
    const best = bestOf(validations, score_decay);
    // What was read before the validation is the same still, but for what it found.
    const now = async () => (own ? { ...own, history: history() } : snapshot());
    const state = best === record ? await now() : undefined;
    await options.onValidation?.(record, state && predictingWeights(section, groups, state));
    // The file of the best weights and the checkpoint tell of the same steps, wherever the run may be cut off.
    if (state) save(state);
    const since = best === undefined ? 0 : validations.length - 1 - validations.indexOf(best);
    if (patience === 0 || best === undefined || since < patience || done >= steps) return;
    steps = done;
    options.onPlateau?.(done, best.step);
  };
  /** Work between steps, whose time is none of theirs. */
  const aside = async (work: () => Promise<void>) => {
    await drain();
    const before = performance.now();
    await work();
    const took = performance.now() - before;
    pace.beside(took);
    options.onAside?.(took);
  };

  try {
    for (let t = done + 1; t <= steps && !signal?.aborted; t++) {
      while (reader.full) {
        // Later steps are in flight, so that to sleep for most of a step does not leave the device without work.
        const pause = SLEEP * pace.untilNext(performance.now());
        await setTimeout(pause, undefined, { signal }).catch(() => {});
        take((await reader.next())!);
      }
      if (signal?.aborted) break;
      const rate = learningRate(section.schedule, section.optimizer.lr, t - 1, steps);
      rates.set(t, rate);
      reader.submit(
        t,
        await stepParts({ section, session, seed, inputs: options.inputs, batches: loader }, t, rate),
      );
      const planned = budget?.plan(steps, done, t, performance.now(), pace) ?? steps;
      if (planned !== steps) {
        steps = planned;
        options.onPlanned?.(steps, (pace.perStep ?? Number.NaN) / 1000);
      }
      if (validator && t % section.validate === 0) await aside(() => validate(validator));
      if (t % options.checkpointEvery === 0 && t < steps) await aside(async () => save(await snapshot()));
      // Let signals and timers run.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const state = await snapshot();
    save(state);
    if (!signal?.aborted) await options.onTrained?.(executable, entriesOf(section, done).flat());
    const weights = predictingWeights(section, groups, state);
    return { state, weights, finished: done >= steps, seconds: (performance.now() - started) / 1000 };
  } finally {
    reader.destroy();
    executable.destroy();
  }
}

/** A checkpoint never replaces a good one where weights have overflowed, though the loss was still finite. */
function checkFinite(
  tensors: readonly (readonly [name: string, data: StoredData])[],
  step: number,
  checkpointPath: string,
): void {
  for (const [name, data] of tensors) {
    const wrong = data.find((v) => !Number.isFinite(v));
    if (wrong === undefined) continue;
    throw new JobError(
      'weights-not-finite',
      `step ${step}: ${name} holds ${wrong} after the update; training stopped`,
      stoppedHint(checkpointPath),
    );
  }
}

function stoppedHint(checkpointPath: string): string {
  return existsSync(checkpointPath)
    ? `a smaller learning rate; the last good checkpoint is kept in ${checkpointPath}`
    : 'a smaller learning rate (--set train.lr=…)';
}

/** @throws InputError `checkpoint-mismatch` where the state is not that of the section's optimizer */
function restoreOptimizer(executable: KernelExecutable, names: readonly string[], resume: RunState): void {
  const found = [...resume.optimizer.keys()];
  const lengths = executable.session.program.tensors
    .filter((t) => t.kind === 'state')
    .map((t) => [t.name, t.shape.reduce((n, d) => n * d, 1)] as const);
  const same =
    found.length === names.length && lengths.every(([name, n]) => resume.optimizer.get(name)?.length === n);
  if (!same) {
    throw new InputError(
      'checkpoint-mismatch',
      `the checkpoint holds optimizer state ${found.join(', ')}, the train section's optimizer has ${names.join(', ')}`,
      'resume with the train section of the run',
    );
  }
  for (const [name, data] of resume.optimizer) executable.write('state', name, data);
}
