import { test } from 'vitest';
import { fixtureNames } from '../parity/fixture.ts';
import { checkNetwork, fixtures, useChromium } from './check-network.ts';

useChromium();

test.each(fixtureNames(fixtures))('%s compiles, runs and trains in Chromium as in Node', async (name) => {
  await checkNetwork(name, ['page']);
});
