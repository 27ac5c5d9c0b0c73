import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Executable } from '../backend/backend.ts';
import { targetValues } from '../data/target.ts';
import { predictSliding } from '../evaluation/sliding-window.ts';
import type { ElaboratedModel } from '../language/model.ts';
import { reducedRow, writeContactSheet } from '../report/contact-sheet.ts';
import type { ValidationRecord } from './history.ts';
import { type ImageInputs, writeInputs } from './image-inputs.ts';
import type { ShownSlice } from './shown-slices.ts';
import { imageShape } from './task.ts';

/** Below a run's folder. */
export const VALIDATION_PICTURES = 'pictures/validation';

/** Cases of which pictures are made. */
export const SHOWN_CASES = 4;

/** Pixels along a side of an image at most; of a larger one every second, third, … is shown. */
const LARGEST = 512;

/** Pictures of a case that are kept, beside that of the first validation and that of the last. */
const KEPT = 16;

/** A picture of a case at a step. */
export interface ValidationPicture {
  readonly file: string;
  readonly id: string;
  readonly step: number;
}

/** The pictures in a run's folder, by case and in the order of steps. */
export function validationPictures(folder: string): ValidationPicture[] {
  const below = join(folder, VALIDATION_PICTURES);
  const names = existsSync(below) ? readdirSync(below) : [];
  return names
    .flatMap((name) => {
      const [, id, step] = /^(.+)_step(\d+)\.png$/.exec(name) ?? [];
      return id === undefined ? [] : [{ file: `${VALIDATION_PICTURES}/${name}`, id, step: Number(step) }];
    })
    .sort((a, b) => (a.id === b.id ? a.step - b.step : a.id < b.id ? -1 : 1));
}

/**
 * Steps of the validations of which pictures are kept, of `steps` in order: the first, the last, and each 2^k-th, where
 * k is the smallest with which these are no more than `most`. What is kept of more validations is among what is kept of fewer.
 */
export function keptSteps(steps: readonly number[], most = KEPT): number[] {
  let every = 1;
  while (steps.length / every >= most + 1) every *= 2;
  return steps.filter((_, i) => i === 0 || i === steps.length - 1 || (i + 1) % every === 0);
}

/** Pictures of the same held-back slices as training goes on: image, truth and what the validated weights predict. */
export class ValidationPictures {
  readonly #folder: string;
  readonly #predictor: ElaboratedModel;
  readonly #slices: readonly ShownSlice[];
  readonly #inputs: ImageInputs;
  readonly #painted: readonly number[] | undefined;
  readonly #ids: Int32Array | undefined;

  /**
   * @param folder of the run
   * @param predictor elaborated for prediction, with the section's batch
   * @param inputs how the network is fed
   * @param painted of a network that finds regions, see paintedIds
   * @param ids by class id of the labels, the id in pictures; left out: the same
   */
  constructor(
    folder: string,
    predictor: ElaboratedModel,
    slices: readonly ShownSlice[],
    inputs: ImageInputs,
    painted?: readonly number[],
    ids?: Int32Array,
  ) {
    this.#folder = folder;
    this.#predictor = predictor;
    this.#slices = slices;
    this.#inputs = inputs;
    this.#painted = painted;
    this.#ids = ids;
  }

  /**
   * Draws all slices, predicted by overlapping windows as tests are.
   *
   * @param executable has the entry `loss` and the weights; its inputs are other ones afterwards
   */
  async draw(executable: Executable, step: number): Promise<void> {
    for (const { id, title, input, image } of this.#slices) {
      const { labels } = await predictSliding(
        (x) => this.#logits(executable, x),
        { size: [input.height, input.width], channels: input.channels, image: input.image },
        this.#window(),
      );
      const truth = this.#ids ? targetValues({ values: this.#ids }, input.label) : input.label;
      const row = { title: `${title}, step ${step}`, image, truth, prediction: labels };
      const name = `${id}_step${String(step).padStart(6, '0')}.png`;
      writeContactSheet(join(this.#folder, VALIDATION_PICTURES, name), [reducedRow(row, LARGEST)]);
    }
  }

  #window() {
    const [batch, , height, width] = imageShape(this.#predictor);
    const classes = this.#predictor.graph.values[this.#predictor.outputs[0].value].shape[1];
    return { window: [height, width], classes, batch, painted: this.#painted };
  }

  async #logits(executable: Executable, x: Float32Array): Promise<Float32Array> {
    writeInputs(executable, this.#inputs.feed(x));
    executable.run('loss');
    return Float32Array.from((await executable.readOutputs('loss', ['prediction'])).get('prediction')!);
  }
}

/** Removes the pictures in a run's folder that do not belong to its validations, or are not kept of so many. */
export function thinPictures(folder: string, validations: readonly ValidationRecord[]): void {
  const kept = new Set(keptSteps(validations.map(({ step }) => step)));
  for (const { file, step } of validationPictures(folder))
    if (!kept.has(step)) rmSync(join(folder, file), { force: true });
}
