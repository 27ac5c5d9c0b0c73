import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AcquiredDevice, acquireDevice } from '../../src/adapter/acquire.ts';
import { deviceTarget } from '../../src/backend/device-target.ts';
import { deviceError } from '../ops/check.ts';
import { rounds } from './forced.ts';
import { oddSizes } from './odd-sizes.ts';

// Every variant at sizes that no tile divides, forward and gradients, against float64.

let device: AcquiredDevice;
beforeAll(async () => {
  device = await acquireDevice();
});
afterAll(() => device?.destroy());

test.each(Object.entries(oddSizes))('%s', async (_, make) => {
  const p = make();
  const all = rounds(p.graph, deviceTarget(device));
  expect(all.length).toBeGreaterThan(1);
  for (const forced of all) {
    expect(await deviceError(device, p, {}, forced), JSON.stringify([...forced])).toBeLessThan(2e-5);
  }
});
