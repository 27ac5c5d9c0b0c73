import { InputError } from '../errors.ts';
import type { DeviceLimits } from '../ir/kernel.ts';
import type { Precision } from '../ir/storage.ts';
import type { Measured, Target, TargetFeature, TargetKind } from '../ir/target.ts';
import { cpuFigures, gpuFigures, softwareFigures } from './measured.ts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;

/** The default limits of the WebGPU specification (section 3.6.2, "Limits"): every adapter offers them. */
export const portableLimits: DeviceLimits = {
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupSizeY: 256,
  maxComputeWorkgroupSizeZ: 64,
  maxComputeWorkgroupStorageSize: 16384,
  maxComputeWorkgroupsPerDimension: 65535,
  maxStorageBuffersPerShaderStage: 8,
  maxStorageBufferBindingSize: 128 * MiB,
  maxBufferSize: 256 * MiB,
  minStorageBufferOffsetAlignment: 256,
  minUniformBufferOffsetAlignment: 256,
};

/**
 * What Chrome lets pages see of a desktop GPU: it reports one of a few tiers, the highest that the GPU reaches
 * (Dawn, src/dawn/native/Limits.cpp). Workgroup memory is Direct3D 12's and Metal's 32 KiB.
 */
const desktopLimits: DeviceLimits = {
  ...portableLimits,
  maxComputeInvocationsPerWorkgroup: 1024,
  maxComputeWorkgroupSizeX: 1024,
  maxComputeWorkgroupSizeY: 1024,
  maxComputeWorkgroupStorageSize: 32768,
  maxStorageBuffersPerShaderStage: 10,
  maxStorageBufferBindingSize: 2 * GiB - 4,
  maxBufferSize: 2 * GiB,
};

/** Those that kernels may need. */
export const targetFeatures: readonly TargetFeature[] = ['shader-f16', 'subgroups', 'timestamp-query'];

/** Figures of a kind of device. */
const figures: Readonly<Record<TargetKind, Measured>> = {
  gpu: gpuFigures,
  software: softwareFigures,
  cpu: cpuFigures,
};

function target(
  name: string,
  kind: TargetKind,
  limits: DeviceLimits,
  features: readonly TargetFeature[],
): Target {
  return { name, kind, limits, features, measured: figures[kind] };
}

/** What programs for any adapter are compiled for: kernels that no adapter is slow with. */
export const portableTarget: Target = target('webgpu-default', 'software', portableLimits, []);

/** What addresses reach, without what threads, lists of dispatches and copies of results take; of 64 bits as engines give it. */
const ADDRESSED = 4 * GiB - 64 * MiB;
const WIDELY_ADDRESSED = 16 * GiB - 64 * MiB;

/** Bits of addresses that reach the bytes of a program on the CPU device. */
export const addressBits = ({ bytes }: { readonly bytes: number }): 32 | 64 => (bytes > ADDRESSED ? 64 : 32);

/**
 * Kernels as WebAssembly in one memory (src/wasm). Nothing binds anything there: only the memory is a limit, and that arrays
 * begin at whole registers. What addresses of 32 bits reach is preferred, as all engines have it and it is faster.
 */
export const cpuTarget: Target = {
  ...target(
    'cpu',
    'cpu',
    {
      ...portableLimits,
      // A thread has it to itself: about as much as a core's second cache.
      maxComputeWorkgroupStorageSize: 1280 * 1024,
      maxComputeWorkgroupsPerDimension: 2 ** 31 - 1,
      maxStorageBuffersPerShaderStage: 16,
      // Places in a binding have 32 bits in any case.
      maxStorageBufferBindingSize: ADDRESSED,
      maxBufferSize: WIDELY_ADDRESSED,
      minStorageBufferOffsetAlignment: 16,
      minUniformBufferOffsetAlignment: 16,
    },
    [],
  ),
  memory: ADDRESSED,
  wide: { bytes: WIDELY_ADDRESSED },
};

/** The same where the engine has no addresses of 64 bits; `missing` names those that do. */
export const narrowCpuTarget = (missing: string): Target => ({
  ...cpuTarget,
  wide: { bytes: WIDELY_ADDRESSED, missing },
});

/** The targets that `--target` takes. */
export const targets: readonly Target[] = [
  portableTarget,
  cpuTarget,
  // The same, for adapters that are known to be GPUs.
  target('webgpu-gpu', 'gpu', portableLimits, []),
  // As they report themselves to Dawn: Mesa 25.0.7 with LLVM 15, SwiftShader 5.0.0.
  target(
    'lavapipe',
    'software',
    {
      ...portableLimits,
      maxComputeInvocationsPerWorkgroup: 1024,
      maxComputeWorkgroupSizeX: 1024,
      maxComputeWorkgroupSizeY: 1024,
      maxComputeWorkgroupSizeZ: 1024,
      maxComputeWorkgroupStorageSize: 32768,
      maxStorageBuffersPerShaderStage: 16,
      maxBufferSize: 4 * GiB - 1,
      minStorageBufferOffsetAlignment: 16,
      minUniformBufferOffsetAlignment: 16,
    },
    targetFeatures,
  ),
  target(
    'swiftshader',
    'software',
    {
      ...portableLimits,
      maxComputeWorkgroupStorageSize: 32768,
      maxStorageBuffersPerShaderStage: 12,
      maxStorageBufferBindingSize: GiB,
      maxBufferSize: GiB,
    },
    ['subgroups', 'timestamp-query'],
  ),
  target('amd-rdna3', 'gpu', desktopLimits, targetFeatures),
  target('nvidia', 'gpu', desktopLimits, targetFeatures),
  target(
    'intel',
    'gpu',
    { ...desktopLimits, maxStorageBufferBindingSize: GiB, maxBufferSize: GiB },
    targetFeatures,
  ),
  // Metal's buffers are at most a part of the memory, of which the smallest Macs have 8 GiB.
  target(
    'apple',
    'gpu',
    { ...desktopLimits, maxStorageBufferBindingSize: GiB, maxBufferSize: GiB },
    targetFeatures,
  ),
];

/** @throws InputError `unknown-target` with the list of those that there are */
export function namedTarget(name: string): Target {
  const found = targets.find((t) => t.name === name);
  if (found) return found;
  throw new InputError(
    'unknown-target',
    `there is no target "${name}"`,
    `one of ${targets.map((t) => t.name).join(', ')}`,
  );
}

/** @throws InputError `adapter-features` where the target's kernels know no half precision */
export function checkPrecision({ name, features }: Target, precision: Precision = 'f32'): void {
  if (precision === 'f32' || features.includes('shader-f16')) return;
  const able = targets.filter((t) => t.features.includes('shader-f16')).map((t) => t.name);
  throw new InputError(
    'adapter-features',
    `half precision needs the feature shader-f16, which ${name} does not have`,
    `leave out --precision ${precision}, or take a target that has it: ${able.join(', ')}`,
  );
}

/** What is known of a device once it is there. */
export interface DeviceFacts {
  readonly kind: 'gpu' | 'lavapipe' | 'swiftshader' | 'other-software';
  readonly limits: DeviceLimits;
  readonly features: readonly TargetFeature[];
}

/** A device as a target: its own limits and features, the figures of its kind. */
export function targetOf({ kind, limits, features }: DeviceFacts): Target {
  return target(kind, kind === 'gpu' ? 'gpu' : 'software', limits, features);
}
