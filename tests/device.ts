import { afterAll, beforeAll } from 'vitest';
import { type AcquireOptions, acquireDevice } from '../src/adapter/acquire.ts';
import type { Backend } from '../src/backend/backend.ts';
import { cpuBackend } from '../src/backend/cpu.ts';
import { deviceTarget } from '../src/backend/device-target.ts';
import { webgpuBackend } from '../src/backend/webgpu.ts';
import { kernelRenderer } from '../src/compiler/renderer.ts';
import type { Target } from '../src/ir/target.ts';
import { portableTarget } from '../src/kernels/targets.ts';
import { ops } from '../src/ops/index.ts';
import type { OpenSession } from '../src/runtime/session.ts';
import { WebgpuSession } from '../src/runtime/webgpu/session.ts';
import { onCpu } from './wasm/open.ts';

// Tests of what is computed, whatever computes it, run on the CPU device; `npm run test:full` runs the same on WebGPU,
// whose software adapters take a second or two to compile what the CPU device compiles in milliseconds. The kernels are
// those for WebGPU on both: the ones made for the CPU device have tests of their own (tests/wasm, tests/kernels).

const full = process.env['ARCHC_FULL'] === '1';

/** What computes, for titles. */
export const deviceName = full ? 'WebGPU' : 'the CPU device';

/** The same as `--backend` names it. */
export const deviceBackend = full ? 'webgpu' : 'cpu';

/** A device that sessions of programs for its target are opened on. */
export interface TestDevice {
  readonly target: Target;
  readonly open: OpenSession;
  destroy(): void;
}

export async function openCpu(threads = 0): Promise<TestDevice> {
  return { target: portableTarget, open: onCpu(threads), destroy: () => {} };
}

export async function openWebgpu(options: AcquireOptions = {}): Promise<TestDevice> {
  const acquired = await acquireDevice(options);
  return {
    target: deviceTarget(acquired),
    open: (program) => WebgpuSession.create(acquired.device, program),
    destroy: () => acquired.destroy(),
  };
}

/** The device of this run. */
export function openTestDevice(options?: AcquireOptions): Promise<TestDevice> {
  return full ? openWebgpu(options) : openCpu();
}

/** A device that all tests of a file use. */
export function useDevice(open: () => Promise<TestDevice> = openTestDevice): () => TestDevice {
  let device: TestDevice;
  beforeAll(async () => {
    device = await open();
  });
  afterAll(() => device?.destroy());
  return () => device;
}

/** The same as a backend. */
export function useBackend(): () => Backend {
  let backend: Backend;
  beforeAll(async () => {
    const renderer = kernelRenderer();
    backend = full
      ? webgpuBackend(ops, renderer, await acquireDevice())
      : cpuBackend(ops, renderer, { threads: 0, deterministic: true });
  });
  afterAll(() => backend?.destroy());
  return () => backend;
}
