import { type AcquiredDevice, deviceLimits, optionalFeatures } from '../adapter/acquire.ts';
import type { DeviceLimits } from '../ir/kernel.ts';
import type { Target, TargetFeature } from '../ir/target.ts';
import { softwareFigures } from '../kernels/measured.ts';

/** What a device is compiled for: its own limits and features, and the figures of its kind. */
export function deviceTarget({ device, kind }: Pick<AcquiredDevice, 'device' | 'kind'>): Target {
  return {
    name: kind,
    kind: kind === 'gpu' ? 'gpu' : 'software',
    limits: deviceLimits(device) as unknown as DeviceLimits,
    features: optionalFeatures.filter((name) => device.features.has(name)) as TargetFeature[],
    measured: softwareFigures,
  };
}
