import { expect, test } from 'vitest';
import { acquireDevice, deviceLimits } from '../../src/adapter/acquire.ts';
import { portableLimits } from '../../src/kernels/targets.ts';
import { describeOpsOn } from './on-webgpu.ts';

// The kernels that `archc compile` writes: for a device that is granted nothing beyond WebGPU's defaults.
describeOpsOn({ limits: 'default' });

test('a device of default limits grants what is compiled for, no more and no less', async () => {
  const { device, destroy } = await acquireDevice({ limits: 'default' });
  const granted = deviceLimits(device);
  destroy();
  for (const [name, limit] of Object.entries(portableLimits))
    expect([name, granted[name]]).toEqual([name, limit]);
});
