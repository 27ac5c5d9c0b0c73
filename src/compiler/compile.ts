import { TRAINING_STEP, trainingEntries } from '../autodiff/entries.ts';
import type { Diagnostic, LoadedSpec } from '../language/index.ts';
import type { ElaboratedModel } from '../language/model.ts';
import { ops } from '../ops/index.ts';
import type { Recomputation } from '../plan/budget.ts';
import type { Facts } from '../program/facts.ts';
import type { Program } from '../program/program.ts';
import { factsOf, trainingFacts } from './facts.ts';
import { checkedModel, type OpenOptions } from './model.ts';
import { checkPlanFor, type PlanFor, planPortablyWithin } from './portable.ts';
import { kernelRenderer } from './renderer.ts';

/** What `programFiles` makes the files of, together with weights. */
export interface Compiled {
  readonly program: Program;
  readonly facts: Facts;
  /** What is computed again to keep to a budget of memory; left out where nothing is. */
  readonly recomputation?: Recomputation;
}

/**
 * Compiles a model. The entries are `forward` and, where it has a `train` section, those of {@link trainingEntries} for
 * the first one.
 *
 * @param training the same model elaborated for training; without it the program is for inference only
 * @param plan what for, and how
 * @throws JobError `adapter-limits` or `size-too-large` where the model needs more than the target offers; InputError as
 *   {@link planPortablyWithin}
 */
export function compileModel(
  model: ElaboratedModel,
  training: ElaboratedModel | undefined,
  plan: PlanFor = {},
): Compiled {
  const section = training?.train[0];
  // Before gradients are derived.
  checkPlanFor(section ? ['forward', ...TRAINING_STEP] : ['forward'], plan);
  const steps =
    training && section
      ? trainingEntries(training, section, section.optimizer, ops, { predictor: model }).entries
      : {};
  const entries = { forward: model.graph, ...steps };
  const planned = planPortablyWithin(model, entries, kernelRenderer(), plan);
  const facts = section && trainingFacts(model, section, TRAINING_STEP);
  return { ...planned, facts: factsOf(model, planned.program, facts) };
}

export interface CompileOptions extends Pick<OpenOptions, 'set' | 'batch'> {
  /** Left out: the last model of its file. */
  readonly model?: string;
  /** Leaves out what trains. */
  readonly inference?: boolean;
  readonly plan?: PlanFor;
}

export interface CompiledSpec extends Compiled {
  readonly model: ElaboratedModel;
  /** About the spec. */
  readonly warnings: readonly Diagnostic[];
}

/**
 * Checks and compiles a model of a spec.
 *
 * @throws SpecError where the spec has mistakes; as {@link compileModel}
 */
export function compileSpec(loaded: LoadedSpec, options: CompileOptions = {}): CompiledSpec {
  const { set, batch } = options;
  const { model, warnings } = checkedModel(loaded, options.model, { set, batch });
  const training = options.inference
    ? undefined
    : checkedModel(loaded, options.model, { set, batch, training: true }).model;
  return { model, warnings, ...compileModel(model, training, options.plan) };
}
