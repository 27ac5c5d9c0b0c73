import { beforeAll, expect, test } from 'vitest';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { portableTarget } from '../../src/kernels/targets.ts';
import { caseNames, firstCases } from '../ops/cases.ts';
import type { JobResult } from './job.ts';
import { caseJob, expectAsFixture } from './op-cases.ts';
import { runOnWgpu } from './wgpu.ts';

const names = process.env['ARCHC_FULL'] === '1' ? caseNames : firstCases;

let results: ReadonlyMap<string, JobResult>;
beforeAll(async () => {
  const renderer = kernelRenderer();
  const jobs = names.map((name) => [name, caseJob(name, renderer, { target: portableTarget })] as const);
  const [, first] = jobs[0];
  const [kernel, ...others] = first.program.kernels;
  const kernels = [{ ...kernel, wgsl: 'fn main( {' }, ...others];
  const broken = { ...first, program: { ...first.program, kernels } };
  results = await runOnWgpu(new Map([...jobs, ['broken', broken]]));
}, 600_000);

test.each(names)('%s on wgpu: forward and gradients equal the fixture', (name) => {
  expectAsFixture(name, results.get(name)!);
});

test('a kernel that naga rejects is named', () => {
  expect(results.get('broken')).toEqual({
    error: expect.stringMatching(/^shader-error: kernel \S+ does not compile: line 1/),
  });
});
