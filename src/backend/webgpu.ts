import type { Renderer } from '../../codegen/render.ts';
import type { OpTable } from '../ir/op.ts';
import { profile } from '../runtime/webgpu/profile.ts';
import { WebgpuSession } from '../runtime/webgpu/session.ts';
import { deviceTarget, type OpenDevice } from './device-target.ts';
import { type KernelBackend, type KernelOptions, preparing } from './kernels.ts';

export interface WebgpuBackend extends KernelBackend<WebgpuSession> {
  readonly device: GPUDevice;
}

/** Kernels on a device, which is the backend's from then on: its `destroy` is called with that of the backend. */
export function webgpuBackend(
  ops: OpTable,
  renderer: Renderer,
  open: OpenDevice,
  options: KernelOptions = {},
): WebgpuBackend {
  const { device, description } = open;
  const target = deviceTarget(open);
  return {
    ...{ name: 'webgpu', description, device, target },
    prepare: preparing(ops, renderer, target, options, (program) => WebgpuSession.create(device, program)),
    profile: async ({ session }, entries) =>
      device.features.has('timestamp-query') ? profile(session, ...entries) : undefined,
    destroy: () => open.destroy(),
  };
}
