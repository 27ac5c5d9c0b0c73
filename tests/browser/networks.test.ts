import { test } from 'vitest';
import { checkNetwork, useChromium } from './check-network.ts';

useChromium();

test('a network compiles, runs and trains in a page of Chromium and in a worker as in Node', async () => {
  await checkNetwork('nnunet', ['page', 'worker']);
});
