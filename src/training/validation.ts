import { predictionOf } from '../autodiff/loss.ts';
import type { Executable } from '../backend/backend.ts';
import { JobError } from '../errors.ts';
import { dice } from '../evaluation/dice.ts';
import type { Shape } from '../ir/graph.ts';
import { comparedOutputs, firstOfEach, LABELS } from '../language/compared.ts';
import type { ElaboratedModel, TrainSection } from '../language/model.ts';
import type { ValidationRecord } from './history.ts';
import { type ImageInputs, writeInputs } from './image-inputs.ts';
import type { ValidationData } from './validation-data.ts';
import type { ValidationPictures } from './validation-pictures.ts';

/** An output whose predictions are scored. */
interface Scored {
  readonly name: string;
  /** Of the entry `loss`, see predictionOf. */
  readonly prediction: string;
  /** What it is compared with, see Compared. */
  readonly labels: string;
  readonly regions: boolean;
  /** [B, K, …]. */
  readonly shape: Shape;
  readonly counts: readonly Counts[];
}

/** Finds loss and scores of a network on held-back data, by the entry `loss` of the program that trains it. */
export class Validator {
  readonly predictor: ElaboratedModel;
  readonly #section: Pick<TrainSection, 'loss' | 'supervise' | 'heads'>;
  readonly #data: ValidationData;
  readonly #inputs: ImageInputs;
  readonly #pictures: ValidationPictures | undefined;

  /**
   * @param predictor the network elaborated for prediction, with the section's batch
   * @param inputs how the network is fed
   * @param pictures made at each validation
   */
  constructor(
    predictor: ElaboratedModel,
    section: Pick<TrainSection, 'loss' | 'supervise' | 'heads'>,
    data: ValidationData,
    inputs: ImageInputs,
    pictures?: ValidationPictures,
  ) {
    this.#inputs = inputs;
    this.predictor = predictor;
    this.#section = section;
    this.#data = data;
    this.#pictures = pictures;
  }

  /** Makes the pictures of a validation, with the same device as {@link score}. */
  async draw(executable: Executable, step: number): Promise<void> {
    await this.#pictures?.draw(executable, step);
  }

  /**
   * The mean loss over batches, the last of them filled up from the start; and the pseudo-Dice of nnU-Net: the Dice of
   * each foreground class, or region, over the pixels of all windows together, then the mean over those that occur. Of a
   * classifier the share of images that it classifies right. Both also by class. These are the first output's; outputs with
   * other targets have a score beside them. Inputs are other ones afterwards.
   *
   * @param executable has the entry `loss`, and the network's weights
   */
  async score(executable: Executable): Promise<Omit<ValidationRecord, 'step'>> {
    const data = this.#data;
    const scored = this.#scored();
    const [batch] = scored[0].shape;
    const outputs = ['loss', ...scored.map(({ prediction }) => prediction)];
    let [losses, batches] = [0, 0];
    for (let start = 0; start < data.count; start += batch, batches++) {
      const samples = Array.from({ length: batch }, (_, b) => data.sample((start + b) % data.count));
      const labels = this.#write(executable, samples);
      executable.run('loss');
      const out = await executable.readOutputs('loss', outputs);
      const loss = out.get('loss')![0];
      if (!Number.isFinite(loss)) {
        throw new JobError(
          'loss-not-finite',
          `the validation loss is ${loss}`,
          'a smaller learning rate; the last good checkpoint is kept',
        );
      }
      losses += loss;
      const filled = Math.min(batch, data.count - start);
      for (const one of scored) {
        const count = one.regions ? countRegions : countClasses;
        count(out.get(one.prediction)!, labels.get(one.labels)!, countedOf(one, filled), one.counts);
      }
    }
    const [first, ...others] = scored;
    const heads = Object.fromEntries(others.map((one) => [one.name, scoresOf(one).score]));
    const found = { loss: losses / batches, ...scoresOf(first) };
    return others.length === 0 ? found : { ...found, heads };
  }

  /** The first output, and the first of each other target. */
  #scored(): Scored[] {
    const { outputs, graph } = this.predictor;
    return firstOfEach(comparedOutputs(outputs, this.#section)).map(({ output, labels, regions }) => {
      const { shape } = graph.values[output.value];
      const counts = Array.from({ length: shape[1] }, () => ({ tp: 0, fp: 0, fn: 0 }));
      const prediction = predictionOf(this.predictor, output.name);
      return { name: output.name, prediction, labels, regions, shape, counts };
    });
  }

  /** Writes a batch of samples; its labels by input, also of such that no entry reads. */
  #write(executable: Executable, samples: readonly ReturnType<ValidationData['sample']>[]) {
    const joined = <A extends Float32Array | Int32Array>(whole: A, parts: readonly A[]): A => {
      for (const [b, part] of parts.entries()) whole.set(part, b * part.length);
      return whole;
    };
    const batch = samples.length;
    const x = new Float32Array(batch * samples[0].x.length);
    joined(
      x,
      samples.map((s) => s.x),
    );
    writeInputs(executable, this.#inputs.feed(x));
    const labels = new Map<string, Int32Array>();
    for (const name of [LABELS, ...Object.keys(samples[0].others ?? {})]) {
      const parts = samples.map((s) => (name === LABELS ? s.target : s.others![name]));
      labels.set(name, joined(new Int32Array(batch * parts[0].length), parts));
      if (executable.has('input', name)) executable.write('input', name, labels.get(name)!);
    }
    return labels;
  }
}

function countedOf({ shape: [, classes, ...size] }: Scored, samples: number): Counted {
  return { samples, classes, pixels: size.reduce((n, d) => n * d, 1) };
}

/** Of a classifier its accuracy. */
const scoresOf = ({ shape, regions, counts }: Scored): Scores =>
  shape.length === 2 ? accuracy(counts) : pseudoDice(regions ? counts : counts.slice(1));

interface Counts {
  tp: number;
  fp: number;
  fn: number;
}

interface Counted {
  readonly samples: number;
  readonly classes: number;
  readonly pixels: number;
}

/** Adds up per class where the largest logit of [B, K, …] and the truth agree and where they do not. */
function countClasses(
  logits: ArrayLike<number>,
  target: Int32Array,
  { samples, classes, pixels }: Counted,
  counts: readonly Counts[],
): void {
  for (let b = 0; b < samples; b++) {
    for (let i = 0; i < pixels; i++) {
      const at = b * classes * pixels + i;
      const truth = target[b * pixels + i];
      // What the loss ignores is neither right nor wrong.
      if (truth < 0 || truth >= classes) continue;
      let best = 0;
      for (let k = 1; k < classes; k++) if (logits[at + k * pixels] > logits[at + best * pixels]) best = k;
      if (best === truth) counts[best].tp++;
      else {
        counts[best].fp++;
        counts[truth].fn++;
      }
    }
  }
}

/** Adds up per region where the sign of a logit of [B, R, …], which is above 0 where its sigmoid is above 0.5, and the truth agree. */
function countRegions(
  logits: ArrayLike<number>,
  target: Int32Array,
  { samples, classes, pixels }: Counted,
  counts: readonly Counts[],
): void {
  for (let b = 0; b < samples; b++) {
    for (let i = 0; i < pixels; i++) {
      const truth = target[b * pixels + i];
      if (truth < 0) continue;
      for (let k = 0; k < classes; k++) {
        const found = logits[(b * classes + k) * pixels + i] > 0;
        if (((truth >> k) & 1) === 1) found ? counts[k].tp++ : counts[k].fn++;
        else if (found) counts[k].fp++;
      }
    }
  }
}

type Scores = Pick<ValidationRecord, 'score' | 'classes'>;

/** NaN where none of them is in truth or prediction. */
function pseudoDice(counts: readonly Counts[]): Scores {
  const classes = counts.map(dice);
  const defined = classes.filter((d) => !Number.isNaN(d));
  return { score: defined.reduce((sum, d) => sum + d, 0) / defined.length, classes };
}

function accuracy(counts: readonly Counts[]): Scores {
  const right = counts.reduce((n, c) => n + c.tp, 0);
  const all = counts.reduce((n, c) => n + c.tp + c.fn, 0);
  return { score: right / all, classes: counts.map(({ tp, fn }) => tp / (tp + fn)) };
}
