import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { gradientGraph } from '../../src/autodiff/differentiated.ts';
import { trainingEntries } from '../../src/autodiff/entries.ts';
import { planPortablyWithin } from '../../src/compiler/portable.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { openModel } from '../../src/files/open.ts';
import { type Entries, elementCount } from '../../src/ir/graph.ts';
import { ops } from '../../src/ops/index.ts';
import { valuesBytes } from '../../src/plan/budget.ts';
import type { Program } from '../../src/program/program.ts';
import type { OpenSession } from '../../src/runtime/session.ts';
import { toFloat32 } from '../../src/tensors/tensor.ts';
import { gradientDeviations } from './check.ts';
import { readFixture, setTexts } from './fixture.ts';
import { runProgram } from './run-program.ts';

const folder = fileURLToPath(new URL('../fixtures/networks', import.meta.url));
const renderer = kernelRenderer();

/** Bytes of values that are no outputs, which stay whatever is computed again. */
function droppable({ buffers, entries }: Program): number {
  const outputs = Object.values(entries).flatMap((entry) => entry.outputs);
  return valuesBytes(buffers) - outputs.reduce((n, { shape }) => n + 4 * elementCount(shape), 0);
}

/**
 * A network's step of training and its gradients with a share of the memory for values that they would take: planned
 * within the budget, and equal to the fixture.
 */
export async function checkBudget(open: OpenSession, name: string, share: number): Promise<void> {
  const fixture = readFixture(folder, name);
  const { info } = fixture;
  const model = openModel(info.net, {
    ...{ set: setTexts(info.config), batch: info.batch, training: true, stochastic: false },
  });
  const [section] = model.train;
  const within = async (entries: Entries) => {
    const plan = (memory?: number) => planPortablyWithin(model, entries, renderer, { memory, verify: true });
    const whole = plan();
    const memory = whole.program.bytes - Math.ceil((1 - share) * droppable(whole.program));
    const { program, recomputation } = plan(memory);
    expect(program.bytes).toBeLessThanOrEqual(memory);
    expect(recomputation).toMatchObject({ bytes_before: whole.program.bytes, bytes: program.bytes });
    for (const { nodes, extra_macs, macs } of recomputation!.entries) {
      expect(nodes).toBeGreaterThan(0);
      expect(extra_macs).toBeLessThan(macs);
    }
    return runProgram(open, program, entries, fixture, model);
  };

  const step = await within(trainingEntries(model, section, section.optimizer, ops).entries);
  const norm = Math.sqrt(toFloat32(step.get('norm2')!)[0]);
  // The tolerances of the whole step within default limits: float32 over a network.
  expect(Math.abs(toFloat32(step.get('loss')!)[0] - info.loss)).toBeLessThan(1e-4 * Math.abs(info.loss));
  expect(Math.abs(norm - info.grad_norm)).toBeLessThan(1e-3 * info.grad_norm);

  const gradients = await within({ grad: gradientGraph(model, section, ops).graph });
  for (const d of gradientDeviations(fixture, 'webgpu', gradients))
    expect(d.used, d.tensor).toBeLessThanOrEqual(1);
}
