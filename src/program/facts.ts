import type { AxisOrder } from '../data/axes.ts';
import type { Labelling } from '../data/labelling.ts';
import type { OptimizerSpec } from '../recipe/optimizers.ts';
import type { PreprocessingPlan } from '../recipe/preprocessing.ts';
import type { ScheduleSpec } from '../recipe/schedules.ts';
import type { TensorInfo } from './program.ts';

export type TensorType = Pick<TensorInfo, 'name' | 'dtype' | 'shape'>;

/** What a program is of: all that is needed to use it without the spec that it was compiled from. */
export interface Facts {
  /** The parameters of the spec. */
  readonly config: Readonly<Record<string, number | boolean | string | readonly number[]>>;
  /** The model's own inputs at the program's batch, also those that no entry reads. */
  readonly inputs: readonly TensorType[];
  /** Parameters and buffers that no entry reads: they stay as they are in the file of the weights. */
  readonly unread: readonly TensorType[];
  /** Absent where the program is for inference only. */
  readonly training?: TrainingFacts;
  /** Absent where its weights do not say it. */
  readonly trainedOn?: TrainedOnFacts;
}

/** What predictions need to know of the data set that weights were trained on; the metadata of weights hold it, too. */
export interface TrainedOnFacts extends Labelling {
  /** Names of the channels; of classifiers none. */
  readonly channels: readonly string[];
  /** The smallest and largest size of a pixel along H and W; absent where images have no spacing. */
  readonly pixels?: readonly [number, number];
  /** Axes of the files of volumes, that of the slices first; absent where that is z, as in older weights. */
  readonly transpose_forward?: AxisOrder;
  /** How cases were preprocessed; absent where their slices were z-scored as they are. */
  readonly plan?: PreprocessingPlan;
  /** Of each input the channels that it takes; absent of networks with one input, which takes all. */
  readonly inputs?: readonly (readonly number[])[];
  /** By output, of those with targets of their own: what label maps of its predictions hold. */
  readonly heads?: Readonly<Record<string, Labelling>>;
}

/** How a step is done: the loss is in the entries, the rest is here. */
export interface TrainingFacts {
  /** Name of the `train` section. */
  readonly section: string;
  /** Entries of a step, in the order in which they run. One gives `loss`, one `norm2`; the last that does counts. */
  readonly step: readonly string[];
  /** The class ids (or sets of regions) of `target` are the whole numbers below, and -1 for what is ignored. */
  readonly classes: number;
  /** The same of further inputs, `target.NAME`, where outputs have targets of their own; absent where none has. */
  readonly targets?: Readonly<Record<string, number>>;
  readonly optimizer: OptimizerSpec;
  readonly schedule: ScheduleSpec;
  /** What the schedule is planned for. */
  readonly steps: number;
  /** Of the random keys of steps. */
  readonly seed: number;
}
