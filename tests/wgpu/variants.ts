import { beforeAll, test } from 'vitest';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import type { Target } from '../../src/ir/target.ts';
import { rounds } from '../kernels/forced.ts';
import { opCase } from '../ops/cases.ts';
import type { JobResult } from './job.ts';
import { caseJob, expectAsFixture } from './op-cases.ts';
import { runOnWgpu } from './wgpu.ts';

/** Runs fixtures of ops on wgpu, forward and gradients, by every variant that the targets have for them. */
export function describeVariantsOnWgpu(names: readonly string[], targets: readonly Target[]): void {
  const cases = names.flatMap((name) =>
    targets.flatMap((target) =>
      rounds(opCase(name).graph, target).map((kernels) => {
        const by = [...kernels].map(([op, variant]) => `${op}=${variant}`).join(' ');
        return { name, target, kernels, title: `${name} for ${target.name} by ${by}` };
      }),
    ),
  );
  let results: ReadonlyMap<string, JobResult>;
  beforeAll(async () => {
    const renderer = kernelRenderer();
    results = await runOnWgpu(
      new Map(cases.map(({ name, title, ...options }) => [title, caseJob(name, renderer, options)])),
    );
  }, 1_200_000);

  test.each(cases)('$title', ({ name, title }) => expectAsFixture(name, results.get(title)!));
}
