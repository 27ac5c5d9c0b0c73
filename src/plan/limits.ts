import type { DeviceLimits } from '../ir/kernel.ts';
import { OFFSET_ALIGNMENT } from '../ir/packing.ts';
import { bytesText } from '../program/bytes-text.ts';
import type { DeviceFeature, Dispatch, Program } from '../program/program.ts';
import { PlanError, SMALLER } from './plan-error.ts';
import { workgroupNeeds } from './workgroup-needs.ts';

/** What an entry's dispatches bind at most. */
export interface Needs {
  readonly largestBinding: number;
  readonly mostBindings: number;
}

/** @throws PlanError where a dispatch binds more than the limits allow */
export function needsOf(dispatches: readonly Dispatch[], limits: DeviceLimits): Needs {
  const needs = { largestBinding: 0, mostBindings: 0 };
  for (const { label, bindings } of dispatches) {
    const largest = bindings.reduce((most, [, , size]) => Math.max(most, size), 0);
    if (largest > limits.maxStorageBufferBindingSize) {
      throw new PlanError(
        'adapter-limits',
        `${label} needs a tensor of ${bytesText(largest)}, a binding holds at most ${bytesText(limits.maxStorageBufferBindingSize)}`,
        SMALLER,
      );
    }
    if (bindings.length > limits.maxStorageBuffersPerShaderStage) {
      throw new PlanError(
        'adapter-limits',
        `${label} binds ${bindings.length} buffers, a kernel may bind at most ${limits.maxStorageBuffersPerShaderStage}`,
        'another adapter (archc doctor)',
      );
    }
    needs.largestBinding = Math.max(needs.largestBinding, largest);
    needs.mostBindings = Math.max(needs.mostBindings, bindings.length);
  }
  return needs;
}

/**
 * @param what lies in one piece in a buffer, for the message
 * @throws PlanError where no buffer holds so much
 */
export function checkFits(what: string, bytes: number, limits: DeviceLimits): void {
  if (bytes <= limits.maxBufferSize) return;
  throw new PlanError(
    'adapter-limits',
    `${what} takes ${bytesText(bytes)}, a buffer holds at most ${bytesText(limits.maxBufferSize)}`,
    SMALLER,
  );
}

/** What the program needs of a device. */
export function requirements(
  needs: readonly Needs[],
  { buffers, kernels }: Pick<Program, 'buffers' | 'kernels'>,
  features: readonly DeviceFeature[],
): Program['requires'] {
  const workgroups = kernels.map(({ wgsl }) => workgroupNeeds(wgsl));
  return {
    features,
    maxStorageBuffersPerShaderStage: Math.max(1, ...needs.map((n) => n.mostBindings)),
    maxStorageBufferBindingSize: Math.max(0, ...needs.map((n) => n.largestBinding)),
    maxBufferSize: Math.max(0, ...buffers.map(({ size }) => size)),
    maxComputeInvocationsPerWorkgroup: Math.max(1, ...workgroups.map(({ threads }) => threads)),
    maxComputeWorkgroupStorageSize: Math.max(0, ...workgroups.map(({ bytes }) => bytes)),
    minStorageBufferOffsetAlignment: OFFSET_ALIGNMENT,
  };
}
