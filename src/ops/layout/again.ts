import type { PrimitiveOp } from '../../ir/op.ts';
import { cutAxes } from '../../ir/split-rule.ts';

/** Keeps what is computed again apart from where it was computed first. */
export const again: PrimitiveOp = {
  kind: 'primitive',
  name: 'again',
  doc: 'x itself, for what is computed from it a second time: the planner fuses nothing that reads it into kernels that run before this place. x [...] → [...].',
  operands: [{ name: 'x' }],
  attrs: {},
  internal: true,
  splits: ([x]) => cutAxes(x).map((axis) => ({ operands: [axis], outputs: [axis] })),
  shape: ([x]) => [x],
  reference: ([x]) => [x],
  lowering: { kind: 'view', late: true },
};
