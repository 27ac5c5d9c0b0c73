import { beforeAll, expect, test } from 'vitest';
import { trainingEntries } from '../../src/autodiff/entries.ts';
import { trainSection } from '../../src/compiler/model.ts';
import { planPortably } from '../../src/compiler/portable.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { openModel } from '../../src/files/open.ts';
import { shippedNames } from '../../src/files/spec-files.ts';
import type { Target } from '../../src/ir/target.ts';
import { ops } from '../../src/ops/index.ts';
import type { Program } from '../../src/program/program.ts';
import { type Job, type JobResult, jobOf } from './job.ts';
import { runOnWgpu } from './wgpu.ts';

/** Every network that comes with archc. */
export const shipped = shippedNames();

/**
 * Makes a pipeline on wgpu of every kernel of networks at their default sizes, forward pass and training step, planned
 * for each target: naga reads, checks and translates it. Nothing is run.
 */
export function describeKernelsOnWgpu(names: readonly string[], targets: readonly Target[]): void {
  const programs = names.flatMap((name) => targets.map((target) => ({ name, target })));
  /** By text. */
  const kernels = new Map<string, { readonly name: string; readonly job: Job }>();
  const refused = new Map<string, string[]>();

  beforeAll(async () => {
    const renderer = kernelRenderer();
    for (const { name, target } of programs) {
      const model = openModel(name);
      const training = openModel(name, { training: true });
      const section = trainSection(training);
      const steps = trainingEntries(training, section, section.optimizer, ops, { predictor: model });
      const entries = { forward: model.graph, ...steps.entries };
      const program = planPortably(model, entries, renderer, { target });
      const where = `${name} for ${target.name}`;
      refused.set(where, []);
      for (const kernel of program.kernels) {
        if (!kernels.has(kernel.wgsl)) kernels.set(kernel.wgsl, { name: where, job: alone(program, kernel) });
      }
    }
    const jobs = [...kernels.values()];
    const results = await runOnWgpu(new Map(jobs.map(({ job }, i) => [String(i), job])));
    jobs.forEach(({ name }, i) => {
      const result = results.get(String(i)) as JobResult;
      if ('error' in result) refused.get(name)!.push(result.error);
    });
    console.log(`${kernels.size} kernels of ${programs.length} programs compiled by naga`);
  }, 1_800_000);

  test.each(programs)('naga compiles every kernel of $name for $target.name', ({ name, target }) => {
    expect(refused.get(`${name} for ${target.name}`)).toEqual([]);
  });
}

/** A program that has one of a program's kernels and does nothing. */
function alone(program: Program, kernel: Program['kernels'][number]): Job {
  return jobOf({ ...program, kernels: [kernel], buffers: [], uniforms: [0], tensors: [], entries: {} }, []);
}
