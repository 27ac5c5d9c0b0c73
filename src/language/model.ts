import type { Span } from '../../grammar/span.ts';
import type { Dims } from '../ir/dim.ts';
import type { DType, Graph, Shape, ValueId } from '../ir/graph.ts';
import type { AugmentSpec } from '../recipe/augmentations.ts';
import type { FoldSpec } from '../recipe/holdouts.ts';
import type { InitialiserKind } from '../recipe/initialisers.ts';
import type { LossTerm } from '../recipe/losses.ts';
import type { OptimizerSpec } from '../recipe/optimizers.ts';
import type { ScheduleSpec } from '../recipe/schedules.ts';

/** A compile-time value in its plain form, as `--json` prints it. */
export type ConfigValue = number | boolean | string | readonly number[];

/** How a parameter starts: a name and its arguments, interpreted by `src/compiler/initialise.ts`. */
export interface Initialiser {
  readonly kind: InitialiserKind;
  readonly args: Readonly<Record<string, number | string>>;
}

/** What a `state_dict` holds: a parameter or a buffer. */
export interface StoredTensor {
  /** `state_dict` key. */
  readonly name: string;
  readonly value: ValueId;
  readonly shape: Shape;
  /** `i32` in the graph is I64 in files, as PyTorch's counters are. */
  readonly dtype: DType;
  readonly init: Initialiser;
  readonly span: Span;
}

/** A trainable tensor, f32. */
export interface Parameter extends StoredTensor {}

/** A tensor that is saved and loaded with the parameters, but set by `update` instead of an optimizer. */
export interface Buffer extends StoredTensor {
  /** What it holds after a training step; `undefined` where nothing updates it, as in a graph that is not for training. */
  readonly next: ValueId | undefined;
}

/** An instance of a block, for tables and drawings by module. */
export interface ModuleInstance {
  /** `vssm_encoder.layers.0`; the model itself is ``. */
  readonly path: string;
  readonly block: string;
}

export interface ModelInput {
  readonly name: string;
  readonly value: ValueId;
  readonly dims: Dims;
  /** `dims` at the model's batch size. */
  readonly shape: Shape;
}

export interface ModelOutput {
  readonly name: string;
  readonly value: ValueId;
  readonly dims: Dims;
  /** Of its declaration. */
  readonly span: Span;
}

/** What an output is trained by that others are not. */
export interface Head {
  readonly loss?: readonly LossTerm[];
  /** Its classes, or regions, by the names of the data set's classes in each; see outputTarget. */
  readonly target?: readonly (readonly string[])[];
  /** Of the target, or else of what names the output. */
  readonly span: Span;
}

/** A `train` section, with every value worked out. */
export interface TrainSection {
  readonly name: string;
  readonly model: string;
  /** Of outputs without their own; empty where each has one. */
  readonly loss: readonly LossTerm[];
  /** One weight an output, finest first; they sum to 1 unless outputs have weights of their own. */
  readonly supervise: readonly number[];
  /** By name, what outputs have of their own; absent where none has anything. */
  readonly heads?: Readonly<Record<string, Head>>;
  /** Of each input, in their order, the names of the data set's channels that it takes; absent where names decide. */
  readonly inputs?: { readonly groups: readonly (readonly string[])[]; readonly span: Span };
  readonly optimizer: OptimizerSpec;
  readonly schedule: ScheduleSpec;
  readonly batch: number;
  /** Batches whose mean gradient makes a step. */
  readonly accumulate: number;
  readonly steps: number;
  /** Decay of the averages of weights that predict; 0 for none: the weights themselves do. */
  readonly ema: number;
  /** Patterns of parameters that stay as they are; see `fitsAny`. */
  readonly freeze: readonly string[];
  /** Steps for which they do; 0 for all. */
  readonly freeze_steps: number;
  /** Steps between validations; 0 for none. */
  readonly validate: number;
  /** Batches of a validation at most. */
  readonly validate_batches: number;
  /** Cases that are not trained on but validated on: their share, their ids, or a fold. 0 for none. */
  readonly holdout: number | readonly string[] | FoldSpec;
  /** Decay of the running mean of validations' scores by which the best is chosen; 0 for each score by itself. */
  readonly score_decay: number;
  /** Validations without a new best after which training ends; 0 for never. */
  readonly patience: number;
  /** Share of crops that are centred on a pixel that is not background. */
  readonly foreground: number;
  readonly augment: readonly AugmentSpec[];
  readonly seed: number;
  readonly span: Span;
}

/** `from` in a file, `to` in the model; see `matchPattern` for what patterns mean. */
export interface RenameRule {
  readonly from: string;
  readonly to: string;
}

/** A `pretrained` section: how a model takes tensors from a file whose names differ from its own. */
export interface PretrainedSection {
  readonly name: string;
  readonly model: string;
  /** As written: relative to {@link spec}. */
  readonly file: string | undefined;
  /** The file that the section stands in. */
  readonly spec: string;
  /** Module that the tensors go into; `` for the whole model. Parameters outside keep their first values. */
  readonly into: string;
  /** The file's names to names within `into`; the first rule that fits a name counts. */
  readonly rename: readonly RenameRule[];
  /** Names in the file that are not used. */
  readonly skip: readonly string[];
  /** Second names of tensors, to their first, both in the file. */
  readonly alias: readonly RenameRule[];
  /** Parameters within `into` that the file need not hold. */
  readonly fresh: readonly string[];
  /** Parameters within `into` that are taken where the shapes of all that fit a pattern agree. */
  readonly ifShape: readonly string[];
  readonly span: Span;
}

/** A model with its parameters chosen, checked, and turned into a forward graph for one batch size. */
export interface ElaboratedModel {
  readonly name: string;
  readonly doc: string;
  readonly config: Readonly<Record<string, ConfigValue>>;
  /** Texts of --set that it was elaborated with, settings of the train section (`train.…`) among them. */
  readonly set: Readonly<Record<string, string | readonly string[]>>;
  readonly batch: number;
  /** Sources: the inputs, all parameters and all buffers. Outputs: the model's, in order. */
  readonly graph: Graph;
  readonly inputs: readonly ModelInput[];
  readonly outputs: readonly ModelOutput[];
  readonly parameters: readonly Parameter[];
  readonly buffers: readonly Buffer[];
  readonly modules: readonly ModuleInstance[];
  readonly train: readonly TrainSection[];
  readonly pretrained: readonly PretrainedSection[];
}

/** All that is saved and loaded with a model: its parameters, then its buffers. */
export function storedTensors({
  parameters,
  buffers,
}: Pick<ElaboratedModel, 'parameters' | 'buffers'>): readonly StoredTensor[] {
  return [...parameters, ...buffers];
}
