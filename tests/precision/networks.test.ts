import { afterAll, describe } from 'vitest';
import { acquireDevice } from '../../src/adapter/acquire.ts';
import { testInHalf } from './networks.ts';

const acquired = await acquireDevice();
afterAll(() => acquired.destroy());

// Convolutions and norms. All ten networks run in networks.full.test.ts.
describe.runIf(acquired.device.features.has('shader-f16'))('in half precision', () => {
  testInHalf(['segresnet'], acquired);
});
