import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, test } from 'vitest';
import { type AcquiredDevice, acquireDevice } from '../../src/adapter/acquire.ts';
import { checkBudget } from './check-budget.ts';
import { fixtureNames } from './fixture.ts';

let acquired: AcquiredDevice;
beforeAll(async () => {
  acquired = await acquireDevice();
});
afterAll(() => acquired?.destroy());

const names = fixtureNames(fileURLToPath(new URL('../fixtures/networks', import.meta.url)));

/** Of most two thirds; where little but kernels' scratch memory is alive at the peak, more. */
const shares: Readonly<Record<string, number>> = { vmamba: 0.9 };

test.each(names)('%s with a part of the memory for its values equals the reference', (name) =>
  checkBudget(acquired.device, name, shares[name] ?? 2 / 3),
);
