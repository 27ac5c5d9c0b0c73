import { TRAINING_STEP, trainingEntries } from '../autodiff/entries.ts';
import { InputError } from '../errors.ts';
import type { Target } from '../ir/target.ts';
import { addressBits } from '../kernels/targets.ts';
import type { Diagnostic, LoadedSpec } from '../language/index.ts';
import type { ElaboratedModel } from '../language/model.ts';
import { ops } from '../ops/index.ts';
import type { Recomputation } from '../plan/budget.ts';
import type { Facts, TrainedOnFacts } from '../program/facts.ts';
import type { Program } from '../program/program.ts';
import type { KernelCache } from '../wasm/compile/kernel-cache.ts';
import { compileProgramFor } from '../wasm/compile-program.ts';
import { factsOf, trainingFacts } from './facts.ts';
import { checkedModel, type OpenOptions } from './model.ts';
import { checkPlanFor, type PlanFor, planPortablyWithin } from './portable.ts';
import { kernelRenderer } from './renderer.ts';

/** What `programFiles` makes the files of, together with weights. */
export interface Compiled extends CompiledPlan {
  readonly facts: Facts;
  /** For another kind of device, beside the first. */
  readonly second?: CompiledPlan;
}

export interface CompiledPlan {
  readonly program: Program;
  /** Of a program for the CPU device: its kernels as WebAssembly. */
  readonly modules?: CompiledModules;
  /** What is computed again to keep to a budget of memory; left out where nothing is. */
  readonly recomputation?: Recomputation;
}

/** See `StoredModules`. */
export interface CompiledModules {
  readonly plain: Uint8Array;
  readonly relaxed: Uint8Array;
  readonly scratchBytes: number;
  readonly address: 32 | 64;
}

/** What is compiled for, and how. */
export interface CompileFor extends PlanFor {
  /** Beside `target`, of the other kind: the CPU device, or WebGPU. */
  readonly secondTarget?: Target;
  /** Has kernels as WebAssembly from before, and keeps those that are made. */
  readonly kernelCache?: KernelCache;
}

/**
 * Compiles a model. The entries are `forward` and, where it has a `train` section, those of {@link trainingEntries} for
 * the first one.
 *
 * @param training the same model elaborated for training; without it the program is for inference only
 * @param plan what for, and how
 * @param trainedOn what the weights were trained on, where that is known
 * @throws JobError `adapter-limits` or `size-too-large` where the model needs more than the target offers; InputError as
 *   {@link planPortablyWithin}
 */
export function compileModel(
  model: ElaboratedModel,
  training: ElaboratedModel | undefined,
  plan: CompileFor = {},
  trainedOn?: TrainedOnFacts,
): Compiled {
  const { secondTarget, kernelCache, ...first } = plan;
  const plans = [first, ...(secondTarget ? [{ ...first, target: secondTarget }] : [])];
  if (new Set(plans.map(({ target }) => target?.kind === 'cpu')).size < plans.length)
    throw new InputError('conflicting-option', 'two targets are the CPU device and one of WebGPU');
  const section = training?.train[0];
  // Before gradients are derived.
  for (const one of plans) checkPlanFor(section ? ['forward', ...TRAINING_STEP] : ['forward'], one);
  const steps =
    training && section
      ? trainingEntries(training, section, section.optimizer, ops, { predictor: model }).entries
      : {};
  const entries = { forward: model.graph, ...steps };
  const renderer = kernelRenderer();
  const [planned, second] = plans.map((one): CompiledPlan => {
    const made = planPortablyWithin(model, entries, renderer, one);
    return one.target?.kind === 'cpu' ? { ...made, modules: modulesOf(made.program, kernelCache) } : made;
  });
  const facts = section && trainingFacts(model, section, TRAINING_STEP);
  return { ...planned, ...(second && { second }), facts: factsOf(model, planned.program, facts, trainedOn) };
}

function modulesOf(program: Program, cache: KernelCache | undefined): CompiledModules {
  const address = addressBits(program);
  const both = [false, true].map((relaxed) => ({ bounds: 'trusted', relaxed, address }) as const);
  const [plain, relaxed] = compileProgramFor(program, both, cache);
  const scratchBytes = Math.max(plain.scratchBytes, relaxed.scratchBytes);
  return { plain: plain.bytes, relaxed: relaxed.bytes, scratchBytes, address };
}

export interface CompileOptions extends Pick<OpenOptions, 'set' | 'batch'> {
  /** Left out: the last model of its file. */
  readonly model?: string;
  /** Leaves out what trains. */
  readonly inference?: boolean;
  readonly plan?: CompileFor;
  /** What the weights were trained on: by it programs preprocess images. */
  readonly trainedOn?: TrainedOnFacts;
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
  return { model, warnings, ...compileModel(model, training, options.plan, options.trainedOn) };
}
