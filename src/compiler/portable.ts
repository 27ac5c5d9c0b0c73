import type { Renderer } from '../../codegen/render.ts';
import { JobError } from '../errors.ts';
import type { Entries } from '../ir/graph.ts';
import { portableTarget } from '../kernels/targets.ts';
import type { ElaboratedModel } from '../language/model.ts';
import { ops } from '../ops/index.ts';
import { planProgram } from '../plan/plan.ts';
import { PlanError } from '../plan/plan-error.ts';
import type { Program } from '../program/program.ts';

/**
 * Plans graphs of a model for any adapter.
 *
 * @param renderer keeps its compiled templates for the next program
 * @param verify checks the graphs after each pass
 * @throws JobError `adapter-limits` or `size-too-large` where it needs more than every WebGPU implementation offers
 */
export function planPortably(
  { name, batch }: ElaboratedModel,
  entries: Entries,
  renderer: Renderer,
  verify = false,
): Program {
  try {
    return planProgram(entries, ops, renderer, { model: name, batch, target: portableTarget, verify });
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    const what = error.entry === undefined ? name : `the entry ${error.entry} of ${name}`;
    const alone = 'forward' in entries && error.entry !== 'forward' && Object.keys(entries).length > 1;
    throw new JobError(
      error.code,
      `${what} asks for more than every WebGPU implementation offers: ${error.message}`,
      alone ? `--inference for the forward pass alone, or ${error.hint}` : error.hint,
    );
  }
}
