import { afterAll, describe } from 'vitest';
import { acquireDevice } from '../../src/adapter/acquire.ts';
import { networkNames, testInHalf } from './networks.ts';

const acquired = await acquireDevice();
afterAll(() => acquired.destroy());

describe.runIf(acquired.device.features.has('shader-f16'))('in half precision', () => {
  testInHalf(networkNames, acquired);
});
