import { expect } from 'vitest';
import type { Renderer } from '../../codegen/render.ts';
import { ops } from '../../src/ops/index.ts';
import { type PlanOptions, planProgram } from '../../src/plan/plan.ts';
import { opCase, relativeError } from '../ops/cases.ts';
import { type Job, type JobResult, jobOf } from './job.ts';

/** As on Dawn: float32 kernels against float64 truths, relative to the tensor's largest value. */
const TOLERANCE = 1e-4;

/** A fixture of an op, forward and gradients, as a job for wgpu. */
export function caseJob(
  name: string,
  renderer: Renderer,
  options: Pick<PlanOptions, 'target' | 'kernels'>,
): Job {
  const { graph, feeds } = opCase(name);
  const program = planProgram({ forward: graph }, ops, renderer, { model: name, batch: 1, ...options });
  const given = [...feeds].map(([n, { data }]) => ['input', n, data] as const);
  return jobOf(program, given);
}

/** The job ran, and gave what the fixture says. */
export function expectAsFixture(name: string, result: JobResult): void {
  if ('error' in result) throw new Error(result.error);
  for (const [key, truth] of opCase(name).expected) {
    expect(relativeError(result.outputs[key], truth), key).toBeLessThan(TOLERANCE);
  }
}
