import { expect, test } from 'vitest';
import { ops } from '../ops/index.ts';
import { kernels } from './index.ts';

test('the ops that say they have kernels are those of the table', () => {
  const withKernels = [...ops.values()].filter(
    (op) => op.kind === 'primitive' && op.lowering.kind === 'kernels',
  );
  expect([...kernels.keys()].sort()).toEqual(withKernels.map((op) => op.name).sort());
});

test('no op has two variants of one name', () => {
  for (const [op, { variants }] of kernels) expect(new Set(variants).size, op).toBe(variants.length);
});
