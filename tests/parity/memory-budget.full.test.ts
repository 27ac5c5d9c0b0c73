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

test.each(names)('%s with two thirds of its values equals the reference', (name) =>
  checkBudget(acquired.device, name, 2 / 3),
);
