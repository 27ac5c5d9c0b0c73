import type { KernelBackend } from '../backend/kernels.ts';
import type { AxisOrder } from '../data/axes.ts';
import type { Batches } from '../data/batches.ts';
import type { Plan } from '../data/planning/plan.ts';
import type { Target } from '../data/target.ts';
import { InputError } from '../errors.ts';
import type { ElaboratedModel, ModelInput, TrainSection } from '../language/model.ts';
import { isOfRegions, REGION_LOSS } from '../recipe/losses.ts';
import type { StoredData } from '../tensors/tensor.ts';
import type { ClassificationReport } from './classify.ts';
import type { DataIdentity } from './identity.ts';
import type { ShownSlice } from './shown-slices.ts';
import type { TestOptions, TestReport } from './test-set.ts';
import type { TrainedOn } from './trained-on.ts';
import type { ValidationData } from './validation-data.ts';

/** What a network is trained for: how its data are read, and what a test of it is. */
export interface TrainingTask {
  readonly trainedOn: TrainedOn;
  /** What the data say of themselves that is not used; see dataRemarks. */
  readonly remarks: readonly string[];
  /** That the data were preprocessed by; absent of data that were not. */
  readonly plan?: Plan;
  /** What a validation measures beside the loss. */
  readonly score: 'pseudo-Dice' | 'accuracy';
  /** The training data in the order of a seed, and what they are. */
  prepare(seed: number): TaskData;
  /** Throws InputError where the test images are missing or cannot be read, before training. */
  checkTest(): void;
  /** Gives nothing where it was stopped. */
  test(options: TaskTestOptions): Promise<TaskResult>;
}

export interface TaskData {
  readonly batches: Batches;
  readonly identity: DataIdentity;
  /** The held-back data; absent where none are. */
  readonly validation?: ValidationData;
  /** Reads slices of the first held-back cases, the same each time; absent of classifiers. */
  readonly shown?: () => readonly ShownSlice[];
}

export interface TaskOptions {
  readonly model: ElaboratedModel;
  readonly section: TrainSection;
  /** Folder of the data set. */
  readonly data: string;
  /** Threads that make batches of a preprocessed data set ahead of the device, 1 by default; 0 for none. */
  readonly workers?: number;
  /** Of raw volumes, the axis of the slices first: that of a run that goes on. By default the coarsest one. */
  readonly order?: AxisOrder;
}

export interface TaskTestOptions extends TestOptions {
  readonly backend: KernelBackend;
  /** The model elaborated for prediction. */
  readonly predictor: ElaboratedModel;
  /** Parameters and buffers by name. */
  readonly weights: ReadonlyMap<string, StoredData>;
  /** Of the run; for predictions and pictures. */
  readonly folder: string;
}

export interface TaskResult {
  /** Of a segmentation network. */
  readonly test?: TestReport;
  /** Of a classifier. */
  readonly classification?: ClassificationReport;
}

/**
 * The one input of a model that works on images.
 *
 * @throws InputError `many-inputs` where there are others: a data set holds one image a case
 */
export function imageInput(model: ElaboratedModel): ModelInput {
  const { inputs, name } = model;
  if (inputs.length === 1) return inputs[0];
  throw new InputError(
    'many-inputs',
    `${name} has ${inputs.length} inputs, ${inputs.map((i) => `\`${i.name}\``).join(', ')}; a case of a data set is one image`,
    'one `input` of several channels (channel_names in dataset.json); `archc run`, `grad` and `fit` take each input under its name',
  );
}

/**
 * [B, C, H, W] of the images that a model takes.
 *
 * @throws InputError `many-inputs`, `not-2d`
 */
export function imageShape(model: ElaboratedModel): readonly [number, number, number, number] {
  const { shape } = imageInput(model);
  if (shape.length !== 4) {
    throw new InputError(
      'not-2d',
      `${model.name} takes [${shape.join(', ')}], training needs [B, C, H, W]`,
      'give a model of 2-D images',
    );
  }
  return [shape[0], shape[1], shape[2], shape[3]];
}

/**
 * Checks that the first output, which predictions are made of, and all that the section supervises have the classes
 * or regions of the data, and that the section has losses of such.
 *
 * @param data what the target is of, for the message
 * @throws InputError `region-targets` where a section compares regions, and the data have classes, or the other way round:
 *   sets of bits would be taken for class ids; `classes-mismatch`: a label that is no class of an output would count as no
 *   loss at all
 */
export function checkTarget(
  model: ElaboratedModel,
  section: TrainSection,
  data: string,
  target: Pick<Target, 'names' | 'regions'>,
): void {
  checkLosses(section, data, target);
  const { names, regions } = target;
  const compared = model.outputs.filter((_, i) => i === 0 || section.supervise[i] !== 0);
  const wrong = compared.filter(({ dims }) => dims[1].size !== names.length);
  if (wrong.length === 0) return;
  const found = wrong.map(({ name, dims }) => `\`${name}\` of ${model.name} has ${dims[1].size}`);
  const shown = names.slice(0, 12).map((name, id) => `${id} ${name}`);
  const ids = [...shown, ...(names.length > shown.length ? ['…'] : [])].join(', ');
  const settable = Object.hasOwn(model.config, 'classes');
  const what = regions ? 'regions' : 'classes';
  const background = regions ? ', and no channel for the background' : '';
  throw new InputError(
    'classes-mismatch',
    `${data} has ${names.length} ${what} (${ids})${background}, but ${found.join(', ')}`,
    settable ? `--set classes=${names.length}` : `give the model ${names.length} ${what}`,
  );
}

function checkLosses(
  { name, loss }: TrainSection,
  data: string,
  { names, regions }: Pick<Target, 'names' | 'regions'>,
) {
  const wrong = loss.find((term) => isOfRegions(term) !== regions);
  if (!wrong) return;
  const shown = names.slice(0, 8).join(', ');
  throw new InputError(
    'region-targets',
    regions
      ? `the train section ${name} compares classes (\`${wrong.kind}\`), but ${data} has regions, which may lie in one another (${shown})`
      : `the train section ${name} compares regions (\`${wrong.kind}\`), but ${data} has classes, of which a pixel has one (${shown})`,
    regions
      ? `loss = ${REGION_LOSS}`
      : 'losses of classes, such as cross_entropy + dice; or regions in dataset.json (labels that are lists, regions_class_order)',
  );
}

/**
 * Checks that a model takes images of so many channels.
 *
 * @throws InputError `image-channels`
 */
export function checkChannels(model: ElaboratedModel, found: number): void {
  const [, channels] = imageShape(model);
  if (found === channels) return;
  throw new InputError(
    'image-channels',
    `the images have ${found} channels, ${model.name} takes ${channels}`,
    `--set in_channels=${found}`,
  );
}
