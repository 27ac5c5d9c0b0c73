import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AcquiredDevice, type AcquireOptions, acquireDevice } from '../../src/adapter/acquire.ts';
import { deviceTarget } from '../../src/backend/device-target.ts';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { ops } from '../../src/ops/index.ts';
import { type PlanOptions, planProgram } from '../../src/plan/plan.ts';
import type { TensorData } from '../../src/runtime/session.ts';
import { WebgpuSession } from '../../src/runtime/webgpu/session.ts';
import { caseNames, type OpCase, opCase, relativeError } from './cases.ts';
import { resultsIn } from './in-session.ts';

/** float32 kernels against float64 truths, relative to the tensor's largest value. */
const TOLERANCE = 1e-4;

/** Runs op fixtures, forward and gradients, all if not told, on a device, planned for what the device allows. */
export function describeOpsOn(options: AcquireOptions, names: readonly string[] = caseNames): void {
  let acquired: AcquiredDevice;
  beforeAll(async () => {
    acquired = await acquireDevice(options);
  });
  afterAll(() => acquired?.destroy());

  describe.each(names)('%s on WebGPU', (name) => {
    test('forward and gradients equal the fixture', async () => {
      const { graph, feeds, expected } = opCase(name);
      const target = deviceTarget(acquired);
      const results = await resultsOf(acquired.device, { graph, feeds, expected }, { target });
      for (const [key, truth] of expected) {
        expect(relativeError(results.get(key)!, truth), key).toBeLessThan(TOLERANCE);
      }
    });
  });
}

/** The expected results of a case as a device computes them. */
export async function resultsOf(
  device: GPUDevice,
  { graph, feeds, expected }: Pick<OpCase, 'graph' | 'feeds' | 'expected'>,
  options: Pick<PlanOptions, 'target' | 'kernels'>,
): Promise<Map<string, TensorData>> {
  const program = planProgram({ forward: graph }, ops, kernelRenderer(), {
    model: 'case',
    batch: 1,
    ...options,
  });
  return resultsIn(await WebgpuSession.create(device, program), { graph, feeds, expected });
}
