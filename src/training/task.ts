import type { WebgpuBackend } from '../backend/webgpu.ts';
import type { Batches } from '../data/batches.ts';
import { InputError } from '../errors.ts';
import type { ElaboratedModel, TrainSection } from '../language/program.ts';
import type { ClassificationReport } from './classify.ts';
import type { TestOptions, TestReport } from './test-set.ts';

/** What a network is trained for: how its data are read, and what a test of it is. */
export interface TrainingTask {
  /** Seeded training data. */
  batches(seed: number): Batches;
  /** Throws InputError where the test images are missing or cannot be read, before training. */
  checkTest(): void;
  /** Gives nothing where it was stopped. */
  test(options: TaskTestOptions): Promise<TaskResult>;
}

export interface TaskOptions {
  readonly model: ElaboratedModel;
  readonly section: TrainSection;
  /** Folder of the data set. */
  readonly data: string;
}

export interface TaskTestOptions extends TestOptions {
  readonly backend: WebgpuBackend;
  /** The model elaborated for prediction. */
  readonly predictor: ElaboratedModel;
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Of the run; for predictions and pictures. */
  readonly folder: string;
}

export interface TaskResult {
  /** Of a segmentation network. */
  readonly test?: TestReport;
  /** Of a classifier. */
  readonly classification?: ClassificationReport;
}

/** [B, C, H, W] of the images that a model takes. */
export function imageShape(model: ElaboratedModel): readonly [number, number, number, number] {
  const { shape } = model.inputs[0];
  if (shape.length !== 4) {
    throw new InputError(
      'not-2d',
      `${model.name} takes [${shape.join(', ')}], training needs [B, C, H, W]`,
      'give a model of 2-D images',
    );
  }
  return [shape[0], shape[1], shape[2], shape[3]];
}

/** Throws InputError `classes-mismatch` where the model has another number of classes than the data. */
export function checkClasses(model: ElaboratedModel, name: string, classes: number, remark: string): void {
  const found = model.graph.values[model.outputs[0].value].shape[1];
  if (found === classes) return;
  throw new InputError(
    'classes-mismatch',
    `${name} has ${classes} classes${remark}, ${model.name} has ${found}`,
    `--set classes=${classes}`,
  );
}
