import { expect, test } from 'vitest';
import { openWebgpu, useDevice } from '../device.ts';
import { deviceError } from '../ops/check.ts';
import { rounds } from './forced.ts';
import { oddSizes } from './odd-sizes.ts';

// Every variant at sizes that no tile divides, forward and gradients, against float64.

const device = useDevice(openWebgpu);

test.each(Object.entries(oddSizes))('%s', async (_, make) => {
  const p = make();
  const all = rounds(p.graph, device().target);
  expect(all.length).toBeGreaterThan(1);
  for (const forced of all) {
    expect(await deviceError(device(), p, {}, forced), JSON.stringify([...forced])).toBeLessThan(2e-5);
  }
});
