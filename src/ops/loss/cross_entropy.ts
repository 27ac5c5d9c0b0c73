import type { CompositeOp, PrimitiveOp } from '../../ir/op.ts';
import { exp } from '../../math.ts';
import { checkLabels, logitLayout } from './labels.ts';
import { sharedLogSumExp } from './log_sum_exp.ts';

export const crossEntropy: CompositeOp = {
  kind: 'composite',
  name: 'cross_entropy',
  doc: 'Mean over all positions of −log softmax(x)[target], softmax over axis 1 (torch.nn.functional.cross_entropy). x [B, C, ...], target [B, ...] holds class ids below C. → []. It is `cross_entropy` in the `loss` of a train section; a spec has no tensors of class ids to call it with.',
  example: 'loss = cross_entropy',
  operands: [{ name: 'x' }, { name: 'target', dtype: 'i32' }],
  attrs: {},
  shape: (inputs) => {
    checkLabels('cross_entropy', inputs);
    return [{ dims: [], dtype: 'f32' }];
  },
  expand: (b, [x, target]) => [b.apply('cross_entropy_from', [x, target, sharedLogSumExp(b, x)])],
};

export const crossEntropyFrom: PrimitiveOp = {
  kind: 'primitive',
  name: 'cross_entropy_from',
  doc: 'Cross-entropy, given the log-sum-exp of the logits. A label that is no class counts as loss 0.',
  operands: [{ name: 'x' }, { name: 'target', dtype: 'i32' }, { name: 'lse' }],
  attrs: {},
  internal: true,
  splits: () => [{ operands: [0, 0, 0], outputs: ['mean'] }],
  shape: (inputs) => crossEntropy.shape(inputs, {}),
  gradient: ({ b, inputs, grads }) => [b.apply('cross_entropy_backward', [...inputs, grads[0]!])],
  reference: ([x, target, lse]) => {
    const { classes, inner, positions } = logitLayout(x.shape);
    let loss = 0;
    for (let i = 0; i < positions; i++) {
      const label = target.data[i];
      if (label < 0 || label >= classes) continue;
      loss += lse.data[i] - x.data[(Math.floor(i / inner) * classes + label) * inner + (i % inner)];
    }
    return [{ shape: [], data: Float64Array.of(loss / positions) }];
  },
  lowering: { kind: 'kernels' },
};

export const crossEntropyBackward: PrimitiveOp = {
  kind: 'primitive',
  name: 'cross_entropy_backward',
  doc: 'Gradient of cross-entropy by the logits: (softmax(x) − one-hot(target)) · dloss / positions; dloss is 1 where it is left out.',
  operands: [
    { name: 'x' },
    { name: 'target', dtype: 'i32' },
    { name: 'lse' },
    { name: 'dloss', optional: true },
  ],
  attrs: {},
  internal: true,
  splits: (inputs) => [
    { operands: inputs.map((_, i) => (i < 3 ? 0 : undefined)), outputs: [0], weighed: [0] },
  ],
  shape: ([x]) => [{ dims: x.dims, dtype: 'f32' }],
  reference: ([x, target, lse, dloss]) => {
    const { classes, inner, positions } = logitLayout(x.shape);
    const data = new Float64Array(x.data.length);
    for (let i = 0; i < positions; i++) {
      const label = target.data[i];
      if (label < 0 || label >= classes) continue;
      for (let c = 0; c < classes; c++) {
        const at = (Math.floor(i / inner) * classes + c) * inner + (i % inner);
        const error = exp(x.data[at] - lse.data[i]) - (c === label ? 1 : 0);
        data[at] = (error * (dloss?.data[0] ?? 1)) / positions;
      }
    }
    return [{ shape: x.shape, data }];
  },
  lowering: { kind: 'kernels' },
};
