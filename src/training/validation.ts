import type { Executable } from '../backend/backend.ts';
import { JobError } from '../errors.ts';
import { dice } from '../evaluation/dice.ts';
import type { ElaboratedModel } from '../language/model.ts';
import type { ValidationRecord } from './history.ts';
import { imageInput } from './task.ts';
import type { ValidationData } from './validation-data.ts';
import type { ValidationPictures } from './validation-pictures.ts';

/** Finds loss and score of a network on held-back data, by the entry `loss` of the program that trains it. */
export class Validator {
  readonly predictor: ElaboratedModel;
  private readonly data: ValidationData;
  private readonly pictures: ValidationPictures | undefined;

  /**
   * @param predictor the network elaborated for prediction, with the section's batch
   * @param pictures made at each validation
   */
  constructor(predictor: ElaboratedModel, data: ValidationData, pictures?: ValidationPictures) {
    this.predictor = predictor;
    this.data = data;
    this.pictures = pictures;
  }

  /** Makes the pictures of a validation, with the same device as {@link score}. */
  async draw(executable: Executable, step: number): Promise<void> {
    await this.pictures?.draw(executable, step);
  }

  /**
   * The mean loss over batches, the last of them filled up from the start; and the pseudo-Dice of nnU-Net: the Dice of
   * each foreground class, or region, over the pixels of all windows together, then the mean over those that occur. Of a
   * classifier the share of images that it classifies right. Both also by class. Inputs are other ones afterwards.
   *
   * @param executable has the entry `loss`, and the network's weights
   */
  async score(executable: Executable): Promise<Omit<ValidationRecord, 'step'>> {
    const { predictor } = this;
    const [batch, classes, ...size] = predictor.graph.values[predictor.outputs[0].value].shape;
    const counts = Array.from({ length: classes }, () => ({ tp: 0, fp: 0, fn: 0 }));
    const pixels = size.reduce((n, d) => n * d, 1);
    let [losses, batches] = [0, 0];
    for (let start = 0; start < this.data.count; start += batch, batches++) {
      const samples = Array.from({ length: batch }, (_, b) =>
        this.data.sample((start + b) % this.data.count),
      );
      const x = new Float32Array(batch * samples[0].x.length);
      const target = new Int32Array(batch * pixels);
      samples.forEach((sample, b) => {
        x.set(sample.x, b * sample.x.length);
        target.set(sample.target, b * pixels);
      });
      executable.write('input', imageInput(predictor).name, x);
      executable.write('input', 'target', target);
      executable.run('loss');
      const out = await executable.readOutputs('loss', ['loss', 'prediction']);
      const loss = out.get('loss')![0];
      if (!Number.isFinite(loss)) {
        throw new JobError(
          'loss-not-finite',
          `the validation loss is ${loss}`,
          'a smaller learning rate; the last good checkpoint is kept',
        );
      }
      losses += loss;
      const filled = Math.min(batch, this.data.count - start);
      const count = this.data.regions ? countRegions : countClasses;
      count(out.get('prediction')!, target, { samples: filled, classes, pixels }, counts);
    }
    const found = this.data.regions ? counts : counts.slice(1);
    return { loss: losses / batches, ...(size.length === 0 ? accuracy(counts) : pseudoDice(found)) };
  }
}

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
