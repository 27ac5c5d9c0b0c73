import { volumeOf } from '../data/boxes.ts';
import { labellingOfOutput, labelValues, paintedIds } from '../data/labelling.ts';
import { BETWEEN_IMAGES, type SpacedImage } from '../data/planning/preprocess-image.ts';
import { type PreparedImage, prepareImage } from '../data/prepared-image.ts';
import { JobError } from '../errors.ts';
import { type HowToSegment, predictCase } from '../evaluation/predict-case.ts';
import type { PredictBatch } from '../evaluation/sliding-window.ts';
import type { Facts, TensorType, TrainedOnFacts } from '../program/facts.ts';
import { RuntimeError } from './runtime-error.ts';

/** An image as its file has it: nothing is done to it yet. */
export interface RawImage {
  /** Values as they are stored, one channel after the other: [C, H, W], of a volume [C, D, H, W], flat and row-major. */
  readonly data: Float32Array;
  /** [H, W], of a volume [D, H, W]: in the order in which a NIfTI file stores voxels, x the fastest. */
  readonly shape: readonly number[];
  /** Size of a voxel along the axes of `shape`, in the unit of the training data; weights trained by a plan need it. */
  readonly spacing?: readonly number[];
}

/** Slices as a network reads them. */
export interface PreprocessedSlices {
  /** [D, C, H, W]. */
  readonly shape: readonly [number, number, number, number];
  readonly data: Float32Array;
}

/** The class of every voxel of an image. */
export interface Segmentation {
  /** That of the image. */
  readonly shape: readonly number[];
  /** The value of its class for each voxel, row-major. */
  readonly labels: Uint8Array;
  /** What the values stand for. */
  readonly classes: TrainedOnFacts['classes'];
}

/** What of a program tells how images are segmented. */
export interface OfProgram {
  readonly facts: Facts;
  readonly inputs: readonly TensorType[];
  readonly outputs: readonly TensorType[];
}

/**
 * Does to an image what was done to those that the weights were trained on.
 *
 * @throws RuntimeError as {@link segmentImage}, before anything is computed
 */
export function preprocessedSlices(program: OfProgram, image: RawImage): PreprocessedSlices {
  const { slices } = readyImage(program, image);
  const [{ channels, height, width }] = slices;
  const each = channels * height * width;
  const data = new Float32Array(slices.length * each);
  for (const [z, slice] of slices.entries()) data.set(slice.image, z * each);
  return { shape: [slices.length, channels, height, width], data };
}

/**
 * Segments an image of any size as `archc predict` does.
 *
 * @param predict of the program's batch of windows the first output
 * @throws RuntimeError `unknown-preprocessing` where the program does not say what its weights were trained on;
 *   `not-segmentation`; `bad-image`; `non-finite-prediction`
 */
export async function segmentImage(
  program: OfProgram,
  image: RawImage,
  { step, mirror }: HowToSegment,
  predict: PredictBatch,
): Promise<Segmentation> {
  const ready = readyImage(program, image);
  if (step !== undefined && !(step > 0 && step <= 1))
    throw badImage(`the step from window to window is ${step}`, 'a share of the window, above 0 and up to 1');
  const [batch, , height, width] = program.inputs[0].shape;
  const [output] = program.outputs;
  const labelling = labellingOfOutput(program.facts.trainedOn!, output.name);
  const { classes } = labelling;
  const readout = { classes: output.shape[1], painted: paintedIds(labelling) };
  const windows = { window: [height, width], batch, ...readout };
  try {
    const ids = await predictCase(predict, ready, { ...windows, step, mirror: mirror ? [0, 1] : [] });
    return { shape: image.shape, labels: labelValues(ids, classes), classes };
  } catch (error) {
    if (!(error instanceof JobError && error.code === 'non-finite-prediction')) throw error;
    throw new RuntimeError(error.code, error.message);
  }
}

function readyImage(program: OfProgram, image: RawImage): PreparedImage {
  const { trainedOn } = program.facts;
  checkSegments(program);
  if (!trainedOn)
    throw new RuntimeError('unknown-preprocessing', 'it is not known what the weights were trained on');
  if (trainedOn.inputs)
    throw new RuntimeError(
      'not-segmentation',
      'its input takes some of the channels of an image, or in another order; preprocess the image and call predict',
    );
  const spaced = spacedImage(image, program.inputs[0].shape[1], trainedOn);
  return prepareImage(spaced, trainedOn.plan, trainedOn.transpose_forward);
}

function checkSegments({ inputs, outputs }: OfProgram): void {
  const [input, output] = [inputs[0].shape, outputs[0].shape];
  const maps =
    inputs.length === 1 &&
    input.length === 4 &&
    output.length === 4 &&
    input.slice(2).join() === output.slice(2).join();
  if (maps) return;
  const taken = inputs.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ');
  throw new RuntimeError(
    'not-segmentation',
    `it takes ${taken} and gives ${outputs[0].name} [${output.join(', ')}]`,
  );
}

function spacedImage(image: RawImage, channels: number, { plan }: TrainedOnFacts): SpacedImage {
  const { data, shape: sizes, spacing } = image;
  if (!(sizes.length === 2 || sizes.length === 3) || !sizes.every((n) => Number.isSafeInteger(n) && n > 0))
    throw badImage(`the shape is [${sizes.join(', ')}]`, '[H, W], or [D, H, W] of a volume');
  const voxels = volumeOf(sizes);
  const wanted = `a Float32Array of ${channels} channels of [${sizes.join(', ')}], one after the other`;
  if (!(data instanceof Float32Array)) throw badImage('the data are of another type', wanted);
  if (data.length !== channels * voxels) throw badImage(`the data have ${data.length} values`, wanted);
  const wrong = data.find((value) => !Number.isFinite(value));
  if (wrong !== undefined)
    throw badImage(`a voxel is ${wrong}`, 'set what is no finite number to the background of the image');
  return {
    shape: threeOf(sizes, 1),
    data: Array.from({ length: channels }, (_, c) => data.subarray(c * voxels, (c + 1) * voxels)),
    // Without a plan nothing depends on it.
    spacing: threeOf(
      plan ? checkedSpacing(spacing, sizes, plan.plan_2d.spacing) : sizes.map(() => 1),
      BETWEEN_IMAGES,
    ),
  };
}

function checkedSpacing(
  spacing: RawImage['spacing'],
  shape: readonly number[],
  target: readonly number[],
): readonly number[] {
  const axes = shape.length === 2 ? 'H and W' : 'D, H and W';
  const hint = `give \`spacing\`, the size of a voxel along ${axes}; the network reads slices with pixels of ${target.join('×')}`;
  if (spacing === undefined) throw badImage('the size of its voxels is not known', hint);
  if (spacing.length !== shape.length || !spacing.every((n) => Number.isFinite(n) && n > 0))
    throw badImage(`the spacing is [${spacing.join(', ')}]`, hint);
  return spacing;
}

/** Of sizes along H and W, or D, H and W. */
const threeOf = (sizes: readonly number[], depth: number): readonly [number, number, number] =>
  sizes.length === 2 ? [depth, sizes[0], sizes[1]] : [sizes[0], sizes[1], sizes[2]];

const badImage = (message: string, hint: string) =>
  new RuntimeError('bad-image', `the image: ${message}`, hint);
