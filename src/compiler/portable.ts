import type { Renderer } from '../../codegen/render.ts';
import type { Bundle } from '../bundle/manifest.ts';
import { JobError } from '../errors.ts';
import type { Graph } from '../ir/graph.ts';
import type { DeviceLimits } from '../ir/kernel.ts';
import type { ElaboratedModel } from '../language/model.ts';
import { ops } from '../ops/index.ts';
import { planGraph } from '../plan/plan.ts';
import { PlanError } from '../plan/plan-error.ts';

/** What every WebGPU implementation offers (the specification's default limits): bundles compiled for these run anywhere. */
export const portableLimits: DeviceLimits = {
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupSizeY: 256,
  maxComputeWorkgroupSizeZ: 64,
  maxComputeWorkgroupStorageSize: 16384,
  maxComputeWorkgroupsPerDimension: 65535,
  maxStorageBuffersPerShaderStage: 8,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxBufferSize: 256 * 2 ** 20,
  minStorageBufferOffsetAlignment: 256,
  minUniformBufferOffsetAlignment: 256,
};

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
    return planGraph(graph, ops, renderer, { model: name, batch, limits: portableLimits, verify });
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    throw new JobError(
      error.code,
      `${what} of ${name} asks for more than every WebGPU implementation offers: ${error.message}`,
      error.hint,
    );
  }
}
