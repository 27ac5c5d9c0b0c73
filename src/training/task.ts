import type { KernelBackend } from '../backend/kernels.ts';
import type { AxisOrder } from '../data/axes.ts';
import type { Batches } from '../data/batches.ts';
import type { Plan } from '../data/planning/plan.ts';
import { InputError } from '../errors.ts';
import type { ElaboratedModel, TrainSection } from '../language/model.ts';
import type { StoredData } from '../tensors/tensor.ts';
import type { ClassificationReport } from './classify.ts';
import type { DataIdentity } from './identity.ts';
import type { ImageInputs } from './image-inputs.ts';
import type { HeadLabels } from './output-targets.ts';
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
  /** What the first output predicts, which is scored. */
  readonly predicted: HeadLabels;
  /** How the network is fed. */
  readonly inputs: ImageInputs;
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
 * [B, C, H, W] of the images that a model takes: C of its first input.
 *
 * @throws InputError `not-2d`
 */
export function imageShape(model: ElaboratedModel): readonly [number, number, number, number] {
  const [{ shape }] = model.inputs;
  if (shape.length !== 4) {
    throw new InputError(
      'not-2d',
      `${model.name} takes [${shape.join(', ')}], training needs [B, C, H, W]`,
      'give a model of 2-D images',
    );
  }
  return [shape[0], shape[1], shape[2], shape[3]];
}
