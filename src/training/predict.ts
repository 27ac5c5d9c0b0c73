import { type Backend, type Executable, writeStored } from '../backend/backend.ts';
import type { PreparedCase } from '../data/prepared-case.ts';
import { InputError } from '../errors.ts';
import { caseProbabilities, type HowToSegment, predictCase } from '../evaluation/predict-case.ts';
import { labelsOfSums } from '../evaluation/readout.ts';
import type { SlidingWindowOptions } from '../evaluation/sliding-window.ts';
import type { ElaboratedModel } from '../language/model.ts';
import { nearest } from '../language/suggest.ts';
import { showPath } from '../language/values.ts';
import type { StoredData } from '../tensors/tensor.ts';
import { type ImageInputs, writeInputs } from './image-inputs.ts';
import { imageShape } from './task.ts';

/** Label maps are written with 8 bits a pixel. */
const MAX_CLASSES = 256;

/**
 * Checks that a model maps an image to classes of its pixels.
 *
 * @throws InputError `not-segmentation` where it is no 2D segmentation network; `too-many-classes`
 */
export function checkSegmentation(model: ElaboratedModel): void {
  const [{ shape: input }] = model.inputs;
  const { shape } = model.graph.values[model.outputs[0].value];
  if (input.length !== 4 || shape.length !== 4 || shape[2] !== input[2] || shape[3] !== input[3]) {
    throw new InputError(
      'not-segmentation',
      `${model.name} maps [${input.join(', ')}] to [${shape.join(', ')}]; segmentation needs an output of the input's size`,
      'give a model whose output is [B, classes, H, W]',
    );
  }
  if (shape[1] > MAX_CLASSES) {
    throw new InputError(
      'too-many-classes',
      `${model.name} has ${shape[1]} classes; label maps hold ids of 8 bits`,
      `give a model of at most ${MAX_CLASSES} classes`,
    );
  }
}

/**
 * The same model with another output first, which predicts. What the others alone need is not computed.
 *
 * @param name as specs write it, `aux[0]`; left out: the first output
 * @throws InputError `unknown-head`
 */
export function withHead(model: ElaboratedModel, name: string | undefined): ElaboratedModel {
  if (name === undefined) return model;
  const { outputs } = model;
  const head = outputs.find((output) => output.name === name || showPath(output.name) === name);
  if (head) return { ...model, outputs: [head, ...outputs.filter((output) => output !== head)] };
  const names = outputs.map((output) => showPath(output.name));
  const near = nearest(name, names);
  throw new InputError(
    'unknown-head',
    `${model.name} has no output \`${name}\`; its outputs are ${names.join(', ')}`,
    near === undefined ? 'leave --head out for the first' : `--head ${near}`,
  );
}

/** A model with weights, ready to segment images of any size. */
export class Segmenter {
  readonly model: ElaboratedModel;
  /** See Readout. */
  readonly painted: readonly number[] | undefined;
  private readonly executable: Executable;
  private readonly inputs: ImageInputs;

  private constructor(
    model: ElaboratedModel,
    executable: Executable,
    inputs: ImageInputs,
    painted?: readonly number[],
  ) {
    this.inputs = inputs;
    this.model = model;
    this.executable = executable;
    this.painted = painted;
  }

  /**
   * @param weights parameters and buffers by name
   * @param model elaborated with as many windows a batch as shall run at once
   * @param inputs how the network is fed
   * @param painted of a network that finds regions, by channel the id of the class that is painted; see paintedIds
   * @throws InputError as checkSegmentation
   */
  static async create(
    backend: Backend,
    model: ElaboratedModel,
    weights: ReadonlyMap<string, StoredData>,
    inputs: ImageInputs,
    painted?: readonly number[],
  ): Promise<Segmenter> {
    checkSegmentation(model);
    // Only the finest output is needed: what the others compute alone is not run.
    const graph = {
      ...model.graph,
      outputs: model.graph.outputs.filter((o) => o.value === model.outputs[0].value),
    };
    const executable = await backend.prepare({ forward: graph }, model.name, model.batch);
    try {
      writeStored(executable, weights);
    } catch (error) {
      executable.destroy();
      throw error;
    }
    return new Segmenter(model, executable, inputs, painted);
  }

  /** Class ids, [D, H, W] (D is 1 for an image), of a case. */
  async segment(image: PreparedCase, how: HowToSegment = {}): Promise<Uint8Array> {
    return predictCase((x) => this.#logits(x), image, this.#options(image, how));
  }

  /** The probabilities of all classes or regions, [K, H, W], of one slice after the other. */
  probabilities(image: PreparedCase, how: HowToSegment = {}): AsyncGenerator<Float32Array> {
    return caseProbabilities((x) => this.#logits(x), image, this.#options(image, how));
  }

  /** @throws InputError `image-channels` */
  #options(image: PreparedCase, { step, mirror }: HowToSegment): SlidingWindowOptions {
    const [batch, , height, width] = imageShape(this.model);
    const { channels } = this.inputs;
    const found = image.slices[0].channels;
    if (found !== channels) {
      throw new InputError(
        'image-channels',
        `${image.id} has ${found} channels, ${this.model.name} takes ${channels}`,
        `--set in_channels=${found}, with weights made for it`,
      );
    }
    const { classes, painted } = this;
    return { window: [height, width], classes, painted, batch, step, mirror: mirror ? [0, 1] : [] };
  }

  /** Channels of the output. */
  get classes(): number {
    return this.model.graph.values[this.model.outputs[0].value].shape[1];
  }

  async #logits(x: Float32Array): Promise<Float32Array> {
    writeInputs(this.executable, this.inputs.feed(x));
    this.executable.run('forward');
    const { name } = this.model.outputs[0];
    return Float32Array.from((await this.executable.readOutputs('forward', [name])).get(name)!);
  }

  destroy(): void {
    this.executable.destroy();
  }
}

/**
 * Class ids, [D, H, W], of a case by several networks together: of the mean of their probabilities, as in nnU-Net's
 * ensembles. All have the same classes, or regions.
 *
 * @param images the case as each of them reads it; all cut it into the same slices
 */
export async function segmentTogether(
  segmenters: readonly Segmenter[],
  images: readonly PreparedCase[],
  how: HowToSegment = {},
): Promise<Uint8Array> {
  const [first] = images;
  if (segmenters.length === 1) return segmenters[0].segment(first, how);
  const streams = segmenters.map((segmenter, i) => segmenter.probabilities(images[i], how));
  const maps: Uint8Array[] = [];
  for (let z = 0; z < first.slices.length; z++) {
    let sum: Float32Array | undefined;
    // One after the other: they share a device.
    for (const stream of streams) {
      const one = (await stream.next()).value as Float32Array;
      if (sum === undefined) sum = one;
      else for (let i = 0; i < sum.length; i++) sum[i] += one[i];
    }
    maps.push(labelsOfSums(sum!, segmenters[0], streams.length));
  }
  return first.placed(maps);
}
