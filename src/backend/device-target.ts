import { type AcquiredDevice, deviceLimits, optionalFeatures } from '../adapter/acquire.ts';
import type { DeviceLimits } from '../ir/kernel.ts';
import type { Target, TargetFeature } from '../ir/target.ts';
import { targetOf } from '../kernels/targets.ts';

/** What an open device is compiled for. */
export function deviceTarget({ device, kind }: Pick<AcquiredDevice, 'device' | 'kind'>): Target {
  return targetOf({
    kind,
    limits: deviceLimits(device) as unknown as DeviceLimits,
    features: optionalFeatures.filter((name) => device.features.has(name)) as TargetFeature[],
  });
}
