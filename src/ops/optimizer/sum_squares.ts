import type { PrimitiveOp } from '../../ir/op.ts';
import { cutAxes } from '../../ir/split-rule.ts';

export const sumSquares: PrimitiveOp = {
  kind: 'primitive',
  name: 'sum_squares',
  doc: 'Sum of the squares of all elements → []; not finite if any element is NaN or infinite.',
  operands: [{ name: 'x' }],
  attrs: {},
  internal: true,
  splits: ([x]) => cutAxes(x).map((axis) => ({ operands: [axis], outputs: ['sum'] })),
  shape: () => [{ dims: [], dtype: 'f32' }],
  reference: ([x]) => [{ shape: [], data: Float64Array.of(x.data.reduce((sum, v) => sum + v * v, 0)) }],
  exact: [0],
  lowering: { kind: 'kernels' },
};
