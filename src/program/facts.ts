import type { OptimizerSpec } from '../recipe/optimizers.ts';
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
