import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AcquiredDevice, acquireDevice } from '../../src/adapter/acquire.ts';
import { gradientGraph } from '../../src/autodiff/differentiated.ts';
import { trainingEntries } from '../../src/autodiff/entries.ts';
import { planPortably } from '../../src/compiler/portable.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { openModel } from '../../src/files/open.ts';
import type { Entries } from '../../src/ir/graph.ts';
import type { ElaboratedModel } from '../../src/language/model.ts';
import { ops } from '../../src/ops/index.ts';
import { type Tensor, toFloat32 } from '../../src/tensors/tensor.ts';
import { gradientDeviations, outputDeviations } from './check.ts';
import { type Fixture, fixtureNames, readFixture, setTexts } from './fixture.ts';
import { runProgram } from './run-program.ts';

/** Plans as `archc compile` does, on a device that is granted nothing beyond WebGPU's default limits. */
let acquired: AcquiredDevice;
beforeAll(async () => {
  acquired = await acquireDevice({ limits: 'default' });
});
afterAll(() => acquired?.destroy());

const folder = fileURLToPath(new URL('../fixtures/networks', import.meta.url));
const renderer = kernelRenderer();

describe.each(fixtureNames(folder))('%s within default limits', (name) => {
  const fixture = readFixture(folder, name);
  const { info } = fixture;
  const open = (training: boolean) =>
    openModel(info.net, { set: setTexts(info.config), batch: info.batch, training, stochastic: false });

  test('outputs equal the reference', async () => {
    const model = open(false);
    const results = await run(fixture, model, { forward: model.graph });
    const ran = new Map(model.outputs.map((o, i) => [`y${i}`, results.get(o.name)!]));
    for (const d of outputDeviations(fixture, 'webgpu', ran)) expect(d.used, d.tensor).toBeLessThanOrEqual(1);
  });

  test('loss and gradients equal the reference', async () => {
    const model = open(true);
    const results = await run(fixture, model, { grad: gradientGraph(model, model.train[0], ops).graph });
    for (const d of gradientDeviations(fixture, 'webgpu', results)) {
      expect(d.used, d.tensor).toBeLessThanOrEqual(1);
    }
  });

  test('a training step has the loss and the norm of the reference', async () => {
    const model = open(true);
    const [section] = model.train;
    const { entries } = trainingEntries(model, section, section.optimizer, ops);
    const results = await run(fixture, model, entries);
    const norm = Math.sqrt(toFloat32(results.get('norm2')!)[0]);
    expect(Math.abs(toFloat32(results.get('loss')!)[0] - info.loss)).toBeLessThan(1e-4 * Math.abs(info.loss));
    expect(Math.abs(norm - info.grad_norm)).toBeLessThan(1e-3 * info.grad_norm);
  });
});

async function run(fixture: Fixture, model: ElaboratedModel, entries: Entries): Promise<Map<string, Tensor>> {
  const program = planPortably(model, entries, renderer);
  return runProgram(acquired.device, program, entries, fixture, model);
}
