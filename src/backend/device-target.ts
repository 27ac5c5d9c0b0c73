import type { DeviceLimits } from '../ir/kernel.ts';
import type { Target } from '../ir/target.ts';
import { type DeviceFacts, portableLimits, targetFeatures, targetOf } from '../kernels/targets.ts';

/** A device to run on: in Node as `acquireDevice` gives it, in a browser one of `navigator.gpu`. */
export interface OpenDevice {
  readonly device: GPUDevice;
  readonly kind: DeviceFacts['kind'];
  /** One line for people. */
  readonly description: string;
  /** Frees the device and what came with it. */
  destroy(): void;
}

/** What an open device is compiled for. */
export function deviceTarget({ device, kind }: Pick<OpenDevice, 'device' | 'kind'>): Target {
  const limits: { -readonly [name in keyof DeviceLimits]: number } = { ...portableLimits };
  // A device's limits are getters of a prototype, so no spread finds them.
  for (const name of Object.keys(limits) as (keyof DeviceLimits)[]) limits[name] = device.limits[name];
  return targetOf({ kind, limits, features: targetFeatures.filter((name) => device.features.has(name)) });
}
