import type { GraphBuilder } from '../../ir/builder.ts';
import type { ValueId } from '../../ir/graph.ts';
import type { PrimitiveOp } from '../../ir/op.ts';
import { cutAxes } from '../../ir/split-rule.ts';
import { exp, log } from '../../math.ts';
import { logitLayout } from './labels.ts';

/**
 * Normaliser of the softmax over classes, computed once for all losses of the same logits. Those with kernels of their
 * own differentiate through it themselves.
 */
export const logSumExp: PrimitiveOp = {
  kind: 'primitive',
  name: 'log_sum_exp',
  doc: 'log Σ exp(x) over axis 1: [B, C, ...] → [B, ...], largest logit first taken out.',
  operands: [{ name: 'x' }],
  attrs: {},
  internal: true,
  splits: ([x]) =>
    cutAxes(x)
      .filter((axis) => axis !== 1)
      .map((axis) => ({ operands: [axis], outputs: [axis === 0 ? 0 : axis - 1] })),
  shape: ([{ dims }]) => [{ dims: dims.filter((_, i) => i !== 1), dtype: 'f32' }],
  gradient: ({ b, inputs: [x], outputs: [y], grads }) => {
    const [batch, , ...space] = b.shape(x);
    const [own, dy] = [y, grads[0]!].map((v) => b.reshape(v, [batch, 1, ...space]));
    return [b.mul(b.apply('exp', [b.sub(x, own)]), dy)];
  },
  reference: ([x], _attrs, [out]) => {
    const { classes, inner, positions } = logitLayout(x.shape);
    const data = new Float64Array(positions);
    for (let i = 0; i < positions; i++) {
      const base = Math.floor(i / inner) * classes * inner + (i % inner);
      let largest = Number.NEGATIVE_INFINITY;
      for (let c = 0; c < classes; c++) largest = Math.max(largest, x.data[base + c * inner]);
      let sum = 0;
      for (let c = 0; c < classes; c++) sum += exp(x.data[base + c * inner] - largest);
      data[i] = largest + log(sum);
    }
    return [{ shape: out, data }];
  },
  exact: [0],
  lowering: { kind: 'kernels' },
};

/** The log-sum-exp of `x`, the node that another loss made if there is one. */
export function sharedLogSumExp(b: GraphBuilder, x: ValueId): ValueId {
  const known = b.nodeList.find((n) => n.op === logSumExp.name && n.inputs[0] === x);
  return known ? known.outputs[0] : b.apply(logSumExp.name, [x]);
}
