import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { gradientGraph } from '../../src/autodiff/differentiated.ts';
import { trainingGraph } from '../../src/autodiff/training.ts';
import { planPortably } from '../../src/compiler/portable.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { openModel } from '../../src/files/open.ts';
import type { Graph } from '../../src/ir/graph.ts';
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
    for (const { fixture, model, graphs } of networks) {
      for (const [what, graph] of Object.entries(graphs)) {
        const program = planPortably(model, { [what]: graph }, renderer);
        jobs.set(`${fixture.name} ${what}`, jobOf(program, sourcesOf(fixture, model.inputs[0].name)));
      }
    }
    results = await runOnWgpu(jobs);
  }, 1_200_000);

  /** What wgpu gave, or the error that it ended with: a kernel that naga rejects is named there. */
  const tensors = (name: string, what: string, graph: Graph): Map<string, Tensor> => {
    const result = results.get(`${name} ${what}`)!;
    if ('error' in result) throw new Error(result.error);
    return outputTensors(graph, (output) => result.outputs[output]);
  };

  describe.each(networks)('$fixture.name on wgpu', ({ fixture, model, graphs }) => {
    const { name, info } = fixture;

    test('outputs equal the reference', () => {
      const ran = tensors(name, 'forward', graphs.forward);
      const byIndex = new Map(model.outputs.map((o, i) => [`y${i}`, ran.get(o.name)!]));
      for (const d of outputDeviations(fixture, 'webgpu', byIndex))
        expect(d.used, d.tensor).toBeLessThanOrEqual(1);
    });

    test('loss and gradients equal the reference', () => {
      const ran = tensors(name, 'gradients', graphs.gradients);
      for (const d of gradientDeviations(fixture, 'webgpu', ran))
        expect(d.used, d.tensor).toBeLessThanOrEqual(1);
    });

    test('a training step has the loss and the norm of the reference', () => {
      const ran = tensors(name, 'step', graphs.step);
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
  const graphs = {
    forward: model.graph,
    gradients: gradientGraph(training, section, ops).graph,
    step: trainingGraph(training, section, section.optimizer, ops).graph,
  };
  return { fixture, model, graphs };
}
