import { fileURLToPath } from 'node:url';
import { test } from 'vitest';
import { openWebgpu, useDevice } from '../device.ts';
import { checkBudget } from './check-budget.ts';
import { fixtureNames } from './fixture.ts';

const device = useDevice(openWebgpu);

const names = fixtureNames(fileURLToPath(new URL('../fixtures/networks', import.meta.url)));

/** Of most two thirds; where little but kernels' scratch memory is alive at the peak, more. */
const shares: Readonly<Record<string, number>> = { vmamba: 0.9 };

test.each(names)('%s with a part of the memory for its values equals the reference', (name) =>
  checkBudget(device().open, name, shares[name] ?? 2 / 3),
);
