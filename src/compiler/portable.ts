import type { Renderer } from '../../codegen/render.ts';
import { JobError } from '../errors.ts';
import type { Entries } from '../ir/graph.ts';
import type { Target } from '../ir/target.ts';
import { portableTarget } from '../kernels/targets.ts';
import type { ElaboratedModel } from '../language/model.ts';
import { ops } from '../ops/index.ts';
import type { ForcedKernels } from '../plan/candidates.ts';
import { planProgram } from '../plan/plan.ts';
import { PlanError } from '../plan/plan-error.ts';
import type { Program } from '../program/program.ts';

/** What is compiled for, and how. */
export interface PlanFor {
  /** By default any adapter. */
  readonly target?: Target;
  /** Variants of kernels to take whatever they cost, by op. */
  readonly kernels?: ForcedKernels;
  /** Checks the graph after each pass. */
  readonly verify?: boolean;
}

/**
 * Plans graphs of a model for a target, by default for any adapter.
 *
 * @param renderer keeps its compiled templates for the next program
 * @throws JobError `adapter-limits` or `size-too-large` where it needs more than the target offers; InputError
 *   `unknown-kernel`
 */
export function planPortably(
  { name, batch }: ElaboratedModel,
  entries: Entries,
  renderer: Renderer,
  { target = portableTarget, kernels, verify }: PlanFor = {},
): Program {
  try {
    return planProgram(entries, ops, renderer, { model: name, batch, target, kernels, verify });
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    const what = error.entry === undefined ? name : `the entry ${error.entry} of ${name}`;
    const alone = 'forward' in entries && error.entry !== 'forward' && Object.keys(entries).length > 1;
    throw new JobError(
      error.code,
      `${what} asks for more than ${target === portableTarget ? 'every WebGPU implementation' : target.name} offers: ${error.message}`,
      alone ? `--inference for the forward pass alone, or ${error.hint}` : error.hint,
    );
  }
}
