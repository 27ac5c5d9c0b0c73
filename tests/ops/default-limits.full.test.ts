import { expect, test } from 'vitest';
import { acquireDevice } from '../../src/adapter/acquire.ts';
import { portableLimits } from '../../src/kernels/targets.ts';
import { describeOpsOn } from './on-webgpu.ts';

// The kernels that `archc compile` writes: for a device that is granted nothing beyond WebGPU's defaults.
describeOpsOn({ limits: 'default' });

test('a device of default limits grants what is compiled for, no more and no less', async () => {
  const { device, destroy } = await acquireDevice({ limits: 'default' });
  const names = Object.keys(portableLimits) as (keyof typeof portableLimits)[];
  const granted = Object.fromEntries(names.map((name) => [name, device.limits[name]]));
  destroy();
  expect(granted).toEqual(portableLimits);
});
