import { test } from 'vitest';
import { fixtureNames } from '../parity/fixture.ts';
import { checkNetwork, fixtures, useChromium } from './check-network.ts';

useChromium();

test.each(fixtureNames(fixtures))('%s compiles, runs and trains in Chromium as in Node', async (name) => {
  // In a worker it is the same code: one network shows that it runs there.
  await checkNetwork(name, name === 'nnunet' ? ['page', 'worker'] : ['page']);
});
