import { test } from 'vitest';
import { openCpu } from '../device.ts';
import { checkBudget } from './check-budget.ts';

// On WebGPU all ten run in memory-budget.full.test.ts; what training the example takes is in nuclei-budget.full.test.ts, and
// what a budget does to commands in tests/cli/memory.test.ts.
test('nnunet with 60 % of its values equals the reference', async () => {
  const { open } = await openCpu();
  await checkBudget(open, 'nnunet', 0.6);
});
