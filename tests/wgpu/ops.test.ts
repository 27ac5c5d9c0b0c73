import { beforeAll, expect, test } from 'vitest';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { portableTarget } from '../../src/kernels/targets.ts';
import { ops } from '../../src/ops/index.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { caseNames, opCase, relativeError } from '../ops/cases.ts';
import { type JobResult, jobOf } from './job.ts';
import { runOnWgpu } from './wgpu.ts';

/** As on Dawn: float32 kernels against float64 truths, relative to the tensor's largest value. */
const TOLERANCE = 1e-4;

let results: ReadonlyMap<string, JobResult>;
beforeAll(async () => {
  const renderer = kernelRenderer();
  const jobs = caseNames.map((name) => {
    const { graph, feeds } = opCase(name);
    const program = planProgram({ forward: graph }, ops, renderer, {
      model: name,
      batch: 1,
      target: portableTarget,
    });
    return [
      name,
      jobOf(
        program,
        [...feeds].map(([n, { data }]) => ['input', n, data] as const),
      ),
    ] as const;
  });
  const [, first] = jobs[0];
  const [kernel, ...others] = first.program.kernels;
  const kernels = [{ ...kernel, wgsl: 'fn main( {' }, ...others];
  const broken = { ...first, program: { ...first.program, kernels } };
  results = await runOnWgpu(new Map([...jobs, ['broken', broken]]));
}, 600_000);

test.each(caseNames)('%s on wgpu: forward and gradients equal the fixture', (name) => {
  const result = results.get(name)!;
  if ('error' in result) throw new Error(result.error);
  for (const [key, truth] of opCase(name).expected) {
    expect(relativeError(result.outputs[key], truth), key).toBeLessThan(TOLERANCE);
  }
});

test('a kernel that naga rejects is named', () => {
  expect(results.get('broken')).toEqual({
    error: expect.stringMatching(/^shader-error: kernel \S+ does not compile: line 1/),
  });
});
