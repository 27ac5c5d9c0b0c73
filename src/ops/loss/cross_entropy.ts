import type { CompositeOp, PrimitiveOp } from '../../ir/op.ts';
import { exp } from '../../math.ts';
import { countedShare, LEAST_DENOMINATOR, logProbabilities, planesOf, sumAll } from './composite.ts';
import { checkLabels, checkWeights, logitLayout } from './labels.ts';
import { sharedLogSumExp } from './log_sum_exp.ts';

export const crossEntropy: CompositeOp = {
  kind: 'composite',
  name: 'cross_entropy',
  doc: 'Mean over all positions of −log softmax(x)[target], softmax over axis 1 (torch.nn.functional.cross_entropy). x [B, C, ...], target [B, ...] holds class ids below C; others, such as -1, are ignored: the mean is over the rest, and 0 where there is none (where PyTorch says NaN). `weights`: one a class; the mean is then weighted by those of the targets. `label_smoothing`: that share of the target is spread over all classes alike. → []. It is `cross_entropy` in the `loss` of a train section; a spec has no tensors of class ids to call it with.',
  example: 'loss = cross_entropy',
  operands: [{ name: 'x' }, { name: 'target', dtype: 'i32' }],
  attrs: {
    weights: { type: 'float[]', default: [] },
    label_smoothing: { type: 'float', default: 0 },
  },
  shape: (inputs, a) => {
    checkLabels('cross_entropy', inputs);
    checkWeights('cross_entropy', 'weights', inputs, a);
    return [{ dims: [], dtype: 'f32' }];
  },
  expand: (b, [x, target], a) => {
    const labels = { classes: b.shape(x)[1], regions: false };
    const weights = a['weights'] as readonly number[];
    const smoothing = a['label_smoothing'] as number;
    if (weights.length === 0 && smoothing === 0) {
      const share = countedShare(b, target, labels);
      return [b.apply('cross_entropy_from', [x, target, sharedLogSumExp(b, x), share])];
    }
    const off = smoothing / labels.classes;
    const wanted = planesOf(b, target, labels, { weights, on: 1 - smoothing + off, off });
    const loss = b.affine(sumAll(b, b.mul(wanted, logProbabilities(b, x))), -1);
    const total = sumAll(b, planesOf(b, target, labels, { weights }));
    // Where nothing counts the loss is 0, too.
    const least = b.affine(b.apply('relu', [b.affine(total, 1, -LEAST_DENOMINATOR)]), 1, LEAST_DENOMINATOR);
    return [b.div(loss, least)];
  },
};

export const crossEntropyFrom: PrimitiveOp = {
  kind: 'primitive',
  name: 'cross_entropy_from',
  doc: 'Cross-entropy, given the log-sum-exp of the logits. A label that is no class counts as loss 0; `share` makes the mean over all positions that over those that count.',
  operands: [{ name: 'x' }, { name: 'target', dtype: 'i32' }, { name: 'lse' }, { name: 'share' }],
  attrs: {},
  internal: true,
  splits: () => [{ operands: [0, 0, 0, undefined], outputs: ['mean'] }],
  shape: () => [{ dims: [], dtype: 'f32' }],
  gradient: ({ b, inputs, grads }) => [b.apply('cross_entropy_backward', [...inputs, grads[0]!])],
  reference: ([x, target, lse, share]) => {
    const { classes, inner, positions } = logitLayout(x.shape);
    let loss = 0;
    for (let i = 0; i < positions; i++) {
      const label = target.data[i];
      if (label < 0 || label >= classes) continue;
      loss += lse.data[i] - x.data[(Math.floor(i / inner) * classes + label) * inner + (i % inner)];
    }
    return [{ shape: [], data: Float64Array.of((loss * share.data[0]) / positions) }];
  },
  lowering: { kind: 'kernels' },
};

export const crossEntropyBackward: PrimitiveOp = {
  kind: 'primitive',
  name: 'cross_entropy_backward',
  doc: 'Gradient of cross-entropy by the logits: (softmax(x) − one-hot(target)) · dloss · share / positions, 0 where the label is no class; dloss is 1 where it is left out.',
  operands: [
    { name: 'x' },
    { name: 'target', dtype: 'i32' },
    { name: 'lse' },
    { name: 'share' },
    { name: 'dloss', optional: true },
  ],
  attrs: {},
  internal: true,
  splits: (inputs) => [
    { operands: inputs.map((_, i) => (i < 3 ? 0 : undefined)), outputs: [0], weighed: [0] },
  ],
  shape: ([x]) => [{ dims: x.dims, dtype: 'f32' }],
  reference: ([x, target, lse, share, dloss]) => {
    const { classes, inner, positions } = logitLayout(x.shape);
    const data = new Float64Array(x.data.length);
    for (let i = 0; i < positions; i++) {
      const label = target.data[i];
      if (label < 0 || label >= classes) continue;
      for (let c = 0; c < classes; c++) {
        const at = (Math.floor(i / inner) * classes + c) * inner + (i % inner);
        const error = exp(x.data[at] - lse.data[i]) - (c === label ? 1 : 0);
        data[at] = (error * share.data[0] * (dloss?.data[0] ?? 1)) / positions;
      }
    }
    return [{ shape: x.shape, data }];
  },
  lowering: { kind: 'kernels' },
};
