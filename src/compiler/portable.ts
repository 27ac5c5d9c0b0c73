import type { Renderer } from '../../codegen/render.ts';
import { InputError, JobError } from '../errors.ts';
import type { Entries } from '../ir/graph.ts';
import type { Precision } from '../ir/storage.ts';
import type { Target } from '../ir/target.ts';
import { checkPrecision, portableTarget } from '../kernels/targets.ts';
import type { ElaboratedModel } from '../language/model.ts';
import { ops } from '../ops/index.ts';
import type { ForcedKernels } from '../plan/candidates.ts';
import { type Planned, planWithin } from '../plan/plan.ts';
import { PlanError } from '../plan/plan-error.ts';
import type { Program } from '../program/program.ts';

/** What is compiled for, and how. */
export interface PlanFor {
  /** By default any adapter. */
  readonly target?: Target;
  /** Variants of kernels to take whatever they cost, by op. */
  readonly kernels?: ForcedKernels;
  /** How memory keeps what is computed, where it may; by default f32. */
  readonly precision?: Precision;
  /** Checks the graph after each pass. */
  readonly verify?: boolean;
  /** Bytes of device memory that the program may take; values are computed again where there are not enough. */
  readonly memory?: number;
}

/** As {@link planPortablyWithin}, where nobody asks for what is computed again. */
export function planPortably(
  model: ElaboratedModel,
  entries: Entries,
  renderer: Renderer,
  plan: PlanFor = {},
): Program {
  return planPortablyWithin(model, entries, renderer, plan).program;
}

/**
 * Makes sure that what is wanted goes together, before work is done.
 *
 * @throws InputError `adapter-features`, `training-precision`
 */
export function checkPlanFor(
  entries: readonly string[],
  { target = portableTarget, precision }: PlanFor,
): void {
  if (precision === 'f16' && entries.some((name) => name !== 'forward')) {
    throw new InputError(
      'training-precision',
      'training keeps values in f32: gradients in half precision need loss scaling, which is not there',
      'add --inference, or leave out --precision f16',
    );
  }
  checkPrecision(target, precision);
}

/**
 * Plans graphs of a model for a target, by default for any adapter.
 *
 * @param renderer keeps its compiled templates for the next program
 * @throws JobError `adapter-limits` or `size-too-large` where it needs more than the target offers; InputError
 *   `unknown-kernel`, `adapter-features`, `training-precision`, `memory-budget`
 */
export function planPortablyWithin(
  { name, batch }: ElaboratedModel,
  entries: Entries,
  renderer: Renderer,
  plan: PlanFor = {},
): Planned {
  const { target = portableTarget, kernels, precision, verify, memory } = plan;
  checkPlanFor(Object.keys(entries), plan);
  try {
    const options = { model: name, batch, target, kernels, precision, verify, memory };
    return planWithin(entries, ops, renderer, options);
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    if (error.code === 'memory-budget')
      throw new InputError('memory-budget', `${name}: ${error.message}`, error.hint);
    const what = error.entry === undefined ? name : `the entry ${error.entry} of ${name}`;
    const alone = 'forward' in entries && error.entry !== 'forward' && Object.keys(entries).length > 1;
    throw new JobError(
      error.code,
      `${what} asks for more than ${target === portableTarget ? 'every WebGPU implementation' : target.name} offers: ${error.message}`,
      alone ? `--inference for the forward pass alone, or ${error.hint}` : error.hint,
    );
  }
}
