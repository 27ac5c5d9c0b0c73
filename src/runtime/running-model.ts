import type { HowToSegment } from '../evaluation/predict-case.ts';
import type { TensorType, TrainingFacts } from '../program/facts.ts';
import { hyperParameters } from '../recipe/optimizers.ts';
import { learningRate } from '../recipe/schedules.ts';
import { stepKey } from '../recipe/step-key.ts';
import type { CompiledModel } from './compiled-model.ts';
import { type RawImage, type Segmentation, segmentImage } from './image.ts';
import { RuntimeError } from './runtime-error.ts';
import { type OutputName, resultsOf, type Session, type TensorData } from './session.ts';
import { parseWeights, weightBytes } from './weights.ts';

export interface StartOptions {
  /** Bytes of a safetensors file, instead of the program's own; to segment, trained on data preprocessed alike. */
  readonly weights?: Uint8Array;
  /** Steps that the schedule is planned for, instead of the `train` section's. */
  readonly steps?: number;
  /** Decides what is dropped in training, instead of the `train` section's. */
  readonly seed?: number;
}

/** Inputs by name: flat, row-major, `Float32Array` or, for class ids, `Int32Array`. */
export type Inputs = Readonly<Record<string, TensorData>>;

export interface Output {
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** What a step did. Where loss or norm is not finite, it changed nothing. */
export interface StepReport {
  /** From 1. */
  readonly step: number;
  readonly loss: number;
  /** Norm of all gradients before clipping. */
  readonly gradNorm: number;
  readonly learningRate: number;
}

/** A model on a device: one set of weights, for predictions and for training. */
export class RunningModel {
  readonly model: CompiledModel;
  readonly session: Session;
  private readonly options: StartOptions;
  /** Weights that nothing on the device reads. */
  private readonly apart = new Map<string, TensorData>();
  private steps = 0;

  /** See {@link CompiledModel.start}. */
  constructor(
    model: CompiledModel,
    session: Session,
    weights: ReadonlyMap<string, TensorData>,
    options: StartOptions,
  ) {
    this.model = model;
    this.session = session;
    this.options = options;
    this.write(weights);
  }

  /**
   * The outputs by name.
   *
   * @throws RuntimeError `bad-tensor`, and as {@link Submitted.results}
   */
  async predict(inputs: Inputs): Promise<Record<string, Output>> {
    const { outputs } = this.model;
    const wanted = outputs.map(({ name }) => ({ entry: 'forward', name }));
    const results = await this.run(['forward'], this.checked(this.model.inputs, inputs), wanted);
    return Object.fromEntries(
      outputs.map(({ name, shape }, i) => [name, { shape, data: results[i] }] as const),
    );
  }

  /**
   * Segments an image of any size, as its file has it, as `archc predict` does: it is preprocessed as those that the weights
   * were trained on, windows of the input's size slide over its slices, and their logits are averaged with Gaussian weights.
   *
   * @throws RuntimeError `unknown-preprocessing` where the program does not say what its weights were trained on;
   *   `not-segmentation`, `bad-image`, `non-finite-prediction`; and as {@link Submitted.results}
   */
  async segment(image: RawImage, how: HowToSegment = {}): Promise<Segmentation> {
    const { inputs, outputs } = this.model;
    return segmentImage(this.model, image, how, async (windows) => {
      const finest = { entry: 'forward', name: outputs[0].name };
      const [logits] = await this.run(['forward'], { [inputs[0].name]: windows }, [finest]);
      return logits as Float32Array;
    });
  }

  /**
   * One step of training on a batch: the model's inputs, and `target`, the class ids (-1 is ignored; of losses
   * of regions sets of bits), and where outputs have targets of their own `target.NAME` for each. The optimizer and its schedule
   * are the program's. Steps need not be awaited one by one: they are done in the order of the calls.
   *
   * @throws RuntimeError `not-for-training` where the program has no `train` section; `bad-tensor`; and as
   *   {@link Submitted.results}
   */
  async step(batch: Inputs): Promise<StepReport> {
    const training = this.training();
    const step = this.steps + 1;
    const inputs = this.checkedBatch(training, batch);
    const planned = this.options.steps ?? training.steps;
    // Whoever goes on beyond the schedule stays where it ends.
    const rate = learningRate(training.schedule, training.optimizer.lr, Math.min(step - 1, planned), planned);
    const own = {
      hyper: hyperParameters(training.optimizer, rate, step),
      rng: stepKey(this.options.seed ?? training.seed, step),
    };
    const outputs = ['loss', 'norm2'].map((name) => this.giver(training, name));
    const results = this.run(training.step, { ...inputs, ...own }, outputs);
    // A step that could not be submitted is none.
    this.steps = step;
    const [[loss], [norm2]] = await results;
    return { step, loss, gradNorm: Math.sqrt(norm2), learningRate: rate };
  }

  /**
   * The loss of a batch, of a prediction: nothing is trained. The batch is as that of a step.
   *
   * @throws RuntimeError `not-for-training`, `bad-tensor`; and as {@link Submitted.results}
   */
  async loss(batch: Inputs): Promise<number> {
    const inputs = this.checkedBatch(this.training(), batch);
    const [[loss]] = await this.run(['loss'], inputs, [{ entry: 'loss', name: 'loss' }]);
    return loss;
  }

  /** The weights as they are after all steps so far: the bytes of a safetensors file. */
  async weights(): Promise<Uint8Array> {
    const names = (kind: 'param' | 'buffer') =>
      this.session.program.tensors.filter((t) => t.kind === kind).map(({ name }) => name);
    const [params, buffers] = await Promise.all(
      (['param', 'buffer'] as const).map((kind) => this.session.read(kind, names(kind))),
    );
    const data = new Map([...params, ...buffers, ...this.apart]);
    return weightBytes(this.model.weights, (name) => data.get(name)!);
  }

  /**
   * Takes weights out of the bytes of a safetensors file. What the optimizer remembers stays.
   *
   * @throws RuntimeError `bad-weights`; the model keeps those that it has
   */
  setWeights(bytes: Uint8Array): void {
    this.write(parseWeights(bytes, this.model.weights, 'the weights'));
  }

  /** Frees all that the model has on the device. The device stays. */
  destroy(): void {
    this.session.destroy();
  }

  private write(weights: ReadonlyMap<string, TensorData>): void {
    for (const [name, data] of weights) {
      const kind = (['param', 'buffer'] as const).find((k) => this.session.has(k, name));
      if (kind) this.session.write(kind, name, data);
      else this.apart.set(name, data);
    }
  }

  /** Runs entries on those of the inputs that some entry reads. Throws at once where that cannot be submitted. */
  private run(
    entries: readonly string[],
    inputs: Inputs,
    outputs: readonly OutputName[],
  ): Promise<readonly TensorData[]> {
    const { session } = this;
    const read = Object.entries(inputs).filter(([name]) => session.has('input', name));
    return resultsOf(session.submit(entries.join(' and '), entries, Object.fromEntries(read), outputs));
  }

  /** What was given, which is what is taken. */
  private checked(types: readonly TensorType[], given: Inputs): Inputs {
    const known = types.map(({ name }) => name);
    const unknown = Object.keys(given).find((name) => !known.includes(name));
    if (unknown !== undefined) throw badTensor(`there is no input ${unknown}`, `inputs: ${known.join(', ')}`);
    for (const type of types)
      checkInput(type, Object.hasOwn(given, type.name) ? given[type.name] : undefined);
    return given;
  }

  /** The same, with class ids. */
  private checkedBatch(training: TrainingFacts, batch: Inputs): Inputs {
    const counts = Object.entries({ target: training.classes, ...training.targets });
    const targets = counts.map(
      ([target]) =>
        this.session.program.tensors.find(({ kind, name }) => kind === 'input' && name === target)!,
    );
    const given = this.checked([...this.model.inputs, ...targets], batch);
    for (const [name, classes] of counts) {
      const wrong = given[name].find((id) => !(id >= -1 && id < classes));
      if (wrong === undefined) continue;
      throw badTensor(
        `\`${name}\` holds ${wrong}`,
        `class ids from 0 to ${classes - 1}, or -1 for what is ignored`,
      );
    }
    return given;
  }

  private training(): TrainingFacts {
    const { training } = this.model.facts;
    if (training) return training;
    throw new RuntimeError(
      'not-for-training',
      `the program of ${this.model.program.model} is for inference only`,
    );
  }

  /** An output of a step, of the last entry that gives one. */
  private giver({ step }: TrainingFacts, name: string): OutputName {
    const { entries } = this.session.program;
    const entry = step.findLast((e) => entries[e].outputs.some((output) => output.name === name))!;
    return { entry, name };
  }
}

function checkInput({ name, dtype, shape }: TensorType, data: TensorData | undefined): void {
  const wanted = `${dtype === 'f32' ? 'a Float32Array' : 'an Int32Array'} for [${shape.join(', ')}]`;
  if (data === undefined) throw badTensor(`the input ${name} is missing`, wanted);
  const right = dtype === 'f32' ? data instanceof Float32Array : data instanceof Int32Array;
  if (!right) throw badTensor(`the input ${name} is of another type`, wanted);
  const count = shape.reduce((n, d) => n * d, 1);
  if (data.length !== count) throw badTensor(`the input ${name} has ${data.length} values`, wanted);
}

function badTensor(message: string, hint: string): RuntimeError {
  return new RuntimeError('bad-tensor', message, hint);
}
