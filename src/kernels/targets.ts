import type { DeviceLimits } from '../ir/kernel.ts';
import type { Target } from '../ir/target.ts';
import { softwareFigures } from './measured.ts';

/** The default limits of the WebGPU specification (section 3.6.2, "Limits"): every adapter offers them. */
export const portableLimits: DeviceLimits = {
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupSizeY: 256,
  maxComputeWorkgroupSizeZ: 64,
  maxComputeWorkgroupStorageSize: 16384,
  maxComputeWorkgroupsPerDimension: 65535,
  maxStorageBuffersPerShaderStage: 8,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxBufferSize: 256 * 2 ** 20,
  minStorageBufferOffsetAlignment: 256,
  minUniformBufferOffsetAlignment: 256,
};

/** What programs for any adapter are compiled for. */
export const portableTarget: Target = {
  name: 'webgpu-default',
  kind: 'software',
  limits: portableLimits,
  features: [],
  measured: softwareFigures,
};
