import type { Renderer } from '../../codegen/render.ts';
import type { Bundle } from '../bundle/manifest.ts';
import { JobError } from '../errors.ts';
import type { Graph } from '../ir/graph.ts';
import { portableTarget } from '../kernels/targets.ts';
import type { ElaboratedModel } from '../language/model.ts';
import { ops } from '../ops/index.ts';
import { planGraph } from '../plan/plan.ts';
import { PlanError } from '../plan/plan-error.ts';

/**
 * Plans a graph of a model for any adapter.
 *
 * @param what the graph, for the message
 * @param renderer keeps its compiled templates for the next graph
 * @param verify checks the graph after each pass
 * @throws JobError `adapter-limits` or `size-too-large` where it needs more than every WebGPU implementation offers
 */
export function planPortably(
  { name, batch }: ElaboratedModel,
  graph: Graph,
  what: string,
  renderer: Renderer,
  verify = false,
): Bundle {
  try {
    return planGraph(graph, ops, renderer, { model: name, batch, target: portableTarget, verify });
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    throw new JobError(
      error.code,
      `${what} of ${name} asks for more than every WebGPU implementation offers: ${error.message}`,
      error.hint,
    );
  }
}
