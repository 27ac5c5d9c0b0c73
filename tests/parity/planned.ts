import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { gradientGraph } from '../../src/autodiff/differentiated.ts';
import { trainingEntries } from '../../src/autodiff/entries.ts';
import { planPortably } from '../../src/compiler/portable.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { openModel } from '../../src/files/open.ts';
import type { Entries } from '../../src/ir/graph.ts';
import type { Target } from '../../src/ir/target.ts';
import type { ElaboratedModel } from '../../src/language/model.ts';
import { ops } from '../../src/ops/index.ts';
import type { ForcedKernels } from '../../src/plan/candidates.ts';
import { toFloat32 } from '../../src/tensors/tensor.ts';
import { openCpu, openTestDevice, useDevice } from '../device.ts';
import { choices } from '../kernels/forced.ts';
import { gradientDeviations, outputDeviations } from './check.ts';
import { type Deviation, fixtureNames, readFixture, setTexts } from './fixture.ts';
import { runProgram } from './run-program.ts';

const folder = fileURLToPath(new URL('../fixtures/networks', import.meta.url));

/** All networks that have a fixture. */
export const networkNames = fixtureNames(folder);

/** The variants that use workgroup memory: the fixtures are so small that no target chooses them everywhere. */
export const sharedMemory: readonly string[] = ['workgroup-tiles', 'shared-rows', 'state-lanes'];

/**
 * Runs the fixtures of networks planned for a target: on the CPU device, or in the full run, where the target is not that, on
 * WebGPU, by a device that is granted no more than the default limits.
 *
 * @param preferred variants that are forced for every op that has one of them
 */
export function describePlanned(
  names: readonly string[],
  target: Target,
  preferred: readonly string[] = [],
): void {
  const renderer = kernelRenderer();
  const device = useDevice(
    target.kind === 'cpu' ? () => openCpu(2) : () => openTestDevice({ limits: 'default' }),
  );

  const by = preferred.length === 0 ? '' : `, by ${preferred.join(' and ')}`;
  describe.each(names)(`%s planned for ${target.name}${by}`, (name) => {
    const fixture = readFixture(folder, name);
    const { info } = fixture;
    const open = (training: boolean) =>
      openModel(info.net, { set: setTexts(info.config), batch: info.batch, training, stochastic: false });
    const results = (model: ElaboratedModel, entries: Entries) => {
      const kernels = forced(entries, target, preferred);
      expect(kernels.size > 0).toBe(preferred.length > 0);
      const program = planPortably(model, entries, renderer, { target, kernels });
      return runProgram(device().open, program, entries, fixture, model);
    };

    test('outputs equal the reference', async () => {
      const model = open(false);
      const found = await results(model, { forward: model.graph });
      const ran = new Map(model.outputs.map((o, i) => [`y${i}`, found.get(o.name)!]));
      expectWithin(outputDeviations(fixture, 'webgpu', ran));
    });

    test('loss and gradients equal the reference', async () => {
      const model = open(true);
      const found = await results(model, { grad: gradientGraph(model, model.train[0], ops).graph });
      expectWithin(gradientDeviations(fixture, 'webgpu', found));
    });

    test('a training step has the loss and the norm of the reference', async () => {
      const model = open(true);
      const [section] = model.train;
      const { entries } = trainingEntries(model, section, section.optimizer, ops);
      const found = await results(model, entries);
      const norm = Math.sqrt(toFloat32(found.get('norm2')!)[0]);
      expect(Math.abs(toFloat32(found.get('loss')!)[0] - info.loss)).toBeLessThan(1e-4 * Math.abs(info.loss));
      expect(Math.abs(norm - info.grad_norm)).toBeLessThan(1e-3 * info.grad_norm);
    });
  });
}

/** The preferred variant of each op of the graphs that has one. */
function forced(entries: Entries, target: Target, preferred: readonly string[]): ForcedKernels {
  return new Map(
    Object.values(entries)
      .flatMap((graph) => [...choices(graph, target)])
      .flatMap(([op, names]) => names.filter((name) => preferred.includes(name)).map((name) => [op, name])),
  );
}

function expectWithin(deviations: readonly Deviation[]): void {
  for (const d of deviations) expect(d.used, d.tensor).toBeLessThanOrEqual(1);
}
