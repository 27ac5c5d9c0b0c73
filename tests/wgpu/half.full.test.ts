import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { planPortably } from '../../src/compiler/portable.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { openModel } from '../../src/files/open.ts';
import { portableTarget } from '../../src/kernels/targets.ts';
import { ops } from '../../src/ops/index.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { relativeError } from '../ops/cases.ts';
import { readFixture, setTexts, sourcesOf } from '../parity/fixture.ts';
import { halfCase, halfCaseNames, OP_TOLERANCE, withoutPrologues } from '../precision/cases.ts';
import { halfTolerance } from '../precision/half.ts';
import { type Job, type JobResult, jobOf } from './job.ts';
import { runOnWgpu } from './wgpu.ts';

// Programs in half precision on wgpu, whose compiler, naga, has half precision of its own.

const target = { ...portableTarget, name: 'with-f16', features: ['shader-f16'] } as const;
const networks = fileURLToPath(new URL('../fixtures/networks', import.meta.url));
const fixture = readFixture(networks, 'swin-umamba-d');
const { net, config, batch } = fixture.info;
const model = openModel(net, { set: setTexts(config), batch });

let results: ReadonlyMap<string, JobResult>;
beforeAll(async () => {
  const renderer = kernelRenderer();
  const jobs = new Map<string, Job>();
  for (const name of halfCaseNames) {
    const { graph, feeds } = halfCase(name);
    const plan = { model: name, batch: 1, target: withoutPrologues(target), precision: 'f16' } as const;
    const program = planProgram({ forward: graph }, ops, renderer, plan);
    const inputs = Object.entries(feeds).map(([source, data]) => ['input', source, data] as const);
    jobs.set(name, jobOf(program, inputs));
    if (name !== 'exp') continue;
    jobs.set(
      'overflow',
      jobOf(
        program,
        inputs.map(([kind, source]) => [kind, source, source === 'one' ? [1e9] : feeds[source]]),
      ),
    );
  }
  const program = planPortably(model, { forward: model.graph }, renderer, { target, precision: 'f16' });
  jobs.set(net, jobOf(program, sourcesOf(fixture, model.inputs[0].name)));
  results = await runOnWgpu(jobs);
}, 600_000);

function outputsOf(name: string) {
  const result = results.get(name)!;
  if ('error' in result) throw new Error(result.error);
  return result.outputs;
}

test.each(halfCaseNames)('%s on wgpu, on operands in half precision', (name) => {
  expect(halfCase(name).error(outputsOf(name)['out'])).toBeLessThan(OP_TOLERANCE);
});

test(`${net} predicts in half precision on wgpu`, () => {
  const outputs = outputsOf(net);
  model.outputs.forEach((o, i) => {
    const wanted = fixture.tensors.get(`y${i}`)!.data as Float32Array;
    expect(relativeError(outputs[o.name], wanted)).toBeLessThan(halfTolerance(fixture));
  });
});

test('a value beyond half precision makes the run fail on wgpu, too', () => {
  expect(results.get('overflow')).toEqual({ error: expect.stringMatching(/^half-overflow: /) });
});
