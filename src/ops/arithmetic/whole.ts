import type { PrimitiveOp } from '../../ir/op.ts';
import { elementSplits } from '../../ir/split-rule.ts';
import { elementwise } from '../elementwise.ts';

/** Counters are exact up to 2^31, where float32 would stand still at 2^24. */
export const increment: PrimitiveOp = {
  kind: 'primitive',
  name: 'increment',
  doc: 'x + by for whole numbers (i32) x.',
  operands: [{ name: 'x', dtype: 'i32' }],
  attrs: { by: { type: 'int', default: 1 } },
  internal: true,
  splits: elementSplits,
  shape: ([x]) => [{ dims: x.dims, dtype: 'i32' }],
  gradient: () => [undefined],
  reference: ([x], a) => [{ shape: x.shape, data: x.data.map((v) => v + (a['by'] as number)) }],
  lowering: { kind: 'kernels' },
};

export const toFloat = elementwise({
  name: 'to_float',
  doc: 'Whole numbers (i32) as floats, exact up to 2^24.',
  operands: ['x'],
  internal: true,
  value: () => (x) => x,
  // What a fused kernel loads is a float already.
  wgsl: ([x]) => x,
  gradient: () => [undefined],
});
