import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AcquiredDevice, acquireDevice } from '../../src/adapter/acquire.ts';
import { trainingEntries } from '../../src/autodiff/entries.ts';
import { planPortablyWithin } from '../../src/compiler/portable.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { openModel } from '../../src/files/open.ts';
import { ops } from '../../src/ops/index.ts';
import { makeBuffers } from '../../src/runtime/webgpu/prepare.ts';
import { counting } from '../runtime/counting.ts';

let acquired: AcquiredDevice;
beforeAll(async () => {
  acquired = await acquireDevice();
});
afterAll(() => acquired?.destroy());

describe('the training of the nuclei', () => {
  const spec = 'examples/nuclei/nuclei.arch';
  const predictor = openModel(spec);
  const model = openModel(spec, { training: true });
  const [section] = model.train;
  const { entries } = trainingEntries(model, section, section.optimizer, ops);
  const renderer = kernelRenderer();
  const plan = (memory?: number) =>
    planPortablyWithin(model, { forward: predictor.graph, ...entries }, renderer, { memory });
  const refused = (memory: number) => {
    try {
      return plan(memory);
    } catch (error) {
      return error as { code: string; message: string; hint: string };
    }
  };
  const whole = plan().program;
  const fixed = whole.bytes - whole.buffers.reduce((n, b) => n + (b.kind === 'values' ? b.size : 0), 0);

  test('takes on the device what the plan says, the budget or less', async () => {
    const memory = Math.floor(fixed + (whole.bytes - fixed) / 2);
    const planned = plan(memory);
    expect(JSON.stringify(plan(memory))).toBe(JSON.stringify(planned));
    const { program } = planned;
    expect(program.bytes).toBeLessThanOrEqual(memory);
    // Not much less: no more is computed again than the budget asks for.
    expect(program.bytes).toBeGreaterThan(fixed + 0.95 * (memory - fixed));
    const counted = counting(acquired.device);
    const made: GPUBuffer[] = [];
    await makeBuffers(counted.device, program, made);
    expect(counted.bytes).toBe(program.bytes);
    for (const buffer of made) buffer.destroy();
  });

  test('is the same in a budget that suffices as without', () => {
    expect(plan(whole.bytes)).toEqual({ program: whole });
  });

  test('that cannot fit is refused with what is fixed, and fits in what the message asks for', () => {
    const error = refused(Math.floor(fixed + (whole.bytes - fixed) / 10));
    expect(error).toMatchObject({
      code: 'memory-budget',
      message: expect.stringMatching(
        /^Nuclei: the budget is [\d.]+ MiB, .* takes 15\.\d MiB: 1\.5 MiB of weights, .* state of the optimizer, .* gradients, .* [\d.]+ MiB of values at least$/,
      ),
    });
    const [, mebibytes] = /--memory (\d+)MiB/.exec((error as { hint: string }).hint)!;
    const { program } = plan(Number(mebibytes) * 2 ** 20);
    expect(program.bytes).toBeLessThanOrEqual(Number(mebibytes) * 2 ** 20);
    expect(program.bytes - fixed).toBeLessThan(0.45 * (whole.bytes - fixed));
  });

  test('is refused where there is no room for weights', () => {
    expect(refused(fixed)).toMatchObject({
      code: 'memory-budget',
      message: expect.stringMatching(/which are always there$/),
      hint: expect.stringMatching(/^more than \d/),
    });
  });
});
