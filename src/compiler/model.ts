import { InputError } from '../errors.ts';
import type { Diagnostic } from '../language/index.ts';
import { elaborate, type LoadedSpec, modelNames } from '../language/index.ts';
import type { ElaboratedModel, TrainSection } from '../language/model.ts';
import type { RawOverrides } from '../language/model-parameters.ts';
import { ops } from '../ops/index.ts';
import { SpecError } from './spec-error.ts';

export interface OpenOptions {
  /** Raw `--set` text by parameter; all texts in their order where it was given more than once. */
  readonly set?: RawOverrides;
  readonly batch?: number;
  /** Batch norm uses the statistics of the batch, buffers are updated. */
  readonly training?: boolean;
  /** Dropout and drop-path are on. Left out: in training. */
  readonly stochastic?: boolean;
}

/** A model without mistakes, and what its spec warns about. */
export interface CheckedModel {
  readonly model: ElaboratedModel;
  readonly warnings: readonly Diagnostic[];
  readonly loaded: LoadedSpec;
  /** All models of the file where none was named: the last of them was taken. Else that model alone. */
  readonly models: readonly string[];
}

/**
 * Checks and elaborates a model of a spec.
 *
 * @param name left out: the last model of its file
 * @throws SpecError where the spec has mistakes
 */
export function checkedModel(
  loaded: LoadedSpec,
  name: string | undefined,
  options: OpenOptions = {},
): CheckedModel {
  const { model, diagnostics } = elaborate(loaded, name, options.set ?? {}, options.batch ?? 1, ops, {
    training: options.training ?? false,
    stochastic: options.stochastic,
  });
  if (!model) throw new SpecError(diagnostics, loaded);
  const models = name === undefined ? modelNames(loaded) : [name];
  return { model, warnings: diagnostics, loaded, models };
}

/** The `train` section to use: the one named, else the model's first. */
export function trainSection(model: ElaboratedModel, name?: string): TrainSection {
  const section = name === undefined ? model.train[0] : model.train.find((s) => s.name === name);
  if (!section) {
    const known = model.train.map((s) => s.name).join(', ');
    throw new InputError(
      'no-train-section',
      name === undefined
        ? `${model.name} has no train section`
        : `${model.name} has no train section named ${name}`,
      known
        ? `one of: ${known}`
        : `add \`train Name for ${model.name} { loss = cross_entropy … }\` to the spec`,
    );
  }
  return section;
}
