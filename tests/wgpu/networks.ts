import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { gradientGraph } from '../../src/autodiff/differentiated.ts';
import { trainingEntries } from '../../src/autodiff/entries.ts';
import { planPortably } from '../../src/compiler/portable.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { openModel } from '../../src/files/open.ts';
import type { Entries } from '../../src/ir/graph.ts';
import { ops } from '../../src/ops/index.ts';
import { type Tensor, toFloat32 } from '../../src/tensors/tensor.ts';
import { gradientDeviations, outputDeviations } from '../parity/check.ts';
import { fixtureNames, outputTensors, readFixture, setTexts, sourcesOf } from '../parity/fixture.ts';
import { type Job, type JobResult, jobOf } from './job.ts';
import { runOnWgpu } from './wgpu.ts';

const folder = fileURLToPath(new URL('../fixtures/networks', import.meta.url));

/** All networks that have a fixture. */
export const networkNames = fixtureNames(folder);

/** Runs the fixtures of networks on wgpu: naga compiles every kernel of forward pass and training step. */
export function describeNetworksOnWgpu(names: readonly string[]): void {
  const networks = names.map((name) => networkOf(name));
  let results: ReadonlyMap<string, JobResult>;
  beforeAll(async () => {
    const renderer = kernelRenderer();
    const jobs = new Map<string, Job>();
    for (const { fixture, model, runs } of networks) {
      for (const [what, entries] of Object.entries(runs)) {
        const program = planPortably(model, entries, renderer);
        jobs.set(`${fixture.name} ${what}`, jobOf(program, sourcesOf(fixture, model.inputs[0].name)));
      }
    }
    results = await runOnWgpu(jobs);
  }, 1_200_000);

  /** What wgpu gave, or the error that it ended with: a kernel that naga rejects is named there. */
  const tensors = (name: string, what: string, entries: Entries): Map<string, Tensor> => {
    const result = results.get(`${name} ${what}`)!;
    if ('error' in result) throw new Error(result.error);
    return new Map(
      Object.values(entries).flatMap((graph) => [
        ...outputTensors(graph, (output) => result.outputs[output]),
      ]),
    );
  };

  describe.each(networks)('$fixture.name on wgpu', ({ fixture, model, runs }) => {
    const { name, info } = fixture;

    test('outputs equal the reference', () => {
      const ran = tensors(name, 'forward', runs.forward);
      const byIndex = new Map(model.outputs.map((o, i) => [`y${i}`, ran.get(o.name)!]));
      for (const d of outputDeviations(fixture, 'webgpu', byIndex))
        expect(d.used, d.tensor).toBeLessThanOrEqual(1);
    });

    test('loss and gradients equal the reference', () => {
      const ran = tensors(name, 'gradients', runs.gradients);
      for (const d of gradientDeviations(fixture, 'webgpu', ran))
        expect(d.used, d.tensor).toBeLessThanOrEqual(1);
    });

    test('a training step has the loss and the norm of the reference', () => {
      const ran = tensors(name, 'step', runs.step);
      const [loss, norm2] = ['loss', 'norm2'].map((output) => toFloat32(ran.get(output)!)[0]);
      expect(Math.abs(loss - info.loss)).toBeLessThan(1e-4 * Math.abs(info.loss));
      expect(Math.abs(Math.sqrt(norm2) - info.grad_norm)).toBeLessThan(1e-3 * info.grad_norm);
    });
  });
}

function networkOf(name: string) {
  const fixture = readFixture(folder, name);
  const { net, config, batch } = fixture.info;
  const open = (training: boolean) =>
    openModel(net, { set: setTexts(config), batch, training, stochastic: false });
  const [model, training] = [open(false), open(true)];
  const [section] = training.train;
  const runs = {
    forward: { forward: model.graph },
    gradients: { grad: gradientGraph(training, section, ops).graph },
    step: trainingEntries(training, section, section.optimizer, ops).entries,
  };
  return { fixture, model, runs };
}
