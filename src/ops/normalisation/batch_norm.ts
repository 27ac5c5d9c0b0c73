import { elementCount } from '../../ir/graph.ts';
import { type CompositeOp, type PrimitiveOp, ShapeError } from '../../ir/op.ts';
import { square } from '../../math.ts';
import { checkVector } from '../axis.ts';
import { elementwise, f32 } from '../elementwise.ts';
import { affineOperands, channelsOf, checkAffine } from './affine.ts';

const eps = { eps: { type: 'float', default: 1e-5 } } as const;

export const batchNorm: CompositeOp = {
  kind: 'composite',
  name: 'batch_norm',
  doc: '(x − mean) / sqrt(variance + eps) · weight[c] + bias[c], with the statistics per channel that are given, or else those of the batch (Ioffe and Szegedy 2015, arXiv 1502.03167). x [B, C, ...], all others [C] → [B, C, ...]. Without running statistics the result of a sample depends on the others of its batch.',
  example:
    'forward(x: [B, 8, 16, 16], weight: [8], bias: [8], mean: [8], variance: [8]) -> [B, 8, 16, 16] {\n  batch_norm(x, weight, bias, mean, variance)\n}',
  operands: [
    { name: 'x' },
    { name: 'weight' },
    { name: 'bias' },
    { name: 'running_mean', optional: true },
    { name: 'running_var', optional: true },
  ],
  attrs: eps,
  mixesSamples: (operands) => operands < 5,
  shape: (inputs) => {
    const { dims } = inputs[0];
    const channels = channelsOf('batch_norm', dims);
    checkAffine('batch_norm', inputs, channels);
    if (inputs.length === 4) {
      throw new ShapeError(
        '`batch_norm` has a running mean but no running variance',
        [3],
        'pass both or neither',
      );
    }
    inputs.slice(3).forEach((operand, i) => {
      checkVector('batch_norm', 'running statistics', operand.dims, channels, [0, i + 3], dims);
    });
    return [{ dims, dtype: 'f32' }];
  },
  expand: (b, [x, weight, bias, mean, variance], a) => {
    const shape = b.shape(x);
    if (mean === undefined) {
      return [b.applyAll('channel_norm', [x, weight, bias], { ...a, groups: shape[1], over_batch: true })[0]];
    }
    const perChannel = shape.map((d, i) => (i === 1 ? d : 1)).slice(1);
    const scale = b.mul(weight, b.apply('inverse_std', [variance], a));
    const rows = [mean, scale, bias].map((v) => b.reshape(v, perChannel));
    return [b.apply('scale_shift', [x, ...rows])];
  },
};

export const batchNormTrain: CompositeOp = {
  kind: 'composite',
  name: 'batch_norm_train',
  doc: "`batch_norm` by the batch's own statistics, which it also gives: y like x [B, C, ...]; the mean [C]; and the variance [C], unbiased (divided by n − 1) as PyTorch's running variance is. No gradient flows through mean and variance. weight and bias [C] or neither. → y [B, C, ...], mean [C], variance [C].",
  example:
    'forward(x: [B, 8, 16, 16]) -> [B, 8, 16, 16] {\n  (y, mean, variance) = batch_norm_train(x)\n  y\n}',
  operands: affineOperands,
  attrs: eps,
  mixesSamples: (_, training) => !training,
  shape: (inputs) => {
    const { dims } = inputs[0];
    const channels = channelsOf('batch_norm_train', dims);
    checkAffine('batch_norm_train', inputs, channels);
    const row = { dims: [channels], dtype: 'f32' } as const;
    return [{ dims, dtype: 'f32' }, row, row];
  },
  expand: (b, inputs, a) => {
    const shape = b.shape(inputs[0]);
    const [y, stats] = b.applyAll('channel_norm', inputs, { ...a, groups: shape[1], over_batch: true });
    const count = elementCount(shape) / shape[1];
    return [y, ...b.applyAll('batch_statistics', [stats], { ...a, count })];
  },
};

/** Unbiased variance needs two values. With one, which no training may use, it is left as it is. */
export const correction = (count: number) => (count > 1 ? count / (count - 1) : 1);

export const batchStatistics: PrimitiveOp = {
  kind: 'primitive',
  name: 'batch_statistics',
  doc: 'Mean and unbiased variance [C] of `count` values each, from the statistics [C, 2] of `channel_norm`.',
  operands: [{ name: 'stats' }],
  attrs: { ...eps, count: { type: 'int' } },
  internal: true,
  splits: () => [{ operands: [0], outputs: [0, 0] }],
  shape: ([stats]) => [0, 1].map(() => ({ dims: [stats.dims[0]], dtype: 'f32' })),
  gradient: () => [undefined],
  reference: ([stats], a, [row]) => {
    const mean = Float64Array.from({ length: row[0] }, (_, c) => stats.data[2 * c]);
    const variance = mean.map((_, c) => {
      const biased = square(1 / stats.data[2 * c + 1]) - (a['eps'] as number);
      return Math.max(biased, 0) * correction(a['count'] as number);
    });
    return [mean, variance].map((data) => ({ shape: row, data }));
  },
  exact: [0, 1],
  lowering: { kind: 'kernels' },
};

export const inverseStd = elementwise({
  name: 'inverse_std',
  doc: '1 / sqrt(variance + eps).',
  operands: ['variance'],
  attrs: eps,
  internal: true,
  value: (a) => (v) => 1 / Math.sqrt(v + (a['eps'] as number)),
  wgsl: ([v], a) => `inverseSqrt(${v} + ${f32(a['eps'] as number)})`,
  gradient: ({ b, outputs: [y], grads }) => [b.affine(b.mul(grads[0]!, b.mul(y, b.mul(y, y))), -0.5)],
});

/** Batch norm outside of training; fvcore counts two operations an element there. */
export const scaleShift: PrimitiveOp = {
  ...elementwise({
    name: 'scale_shift',
    doc: '(x − mean) · scale + shift, broadcast as in NumPy.',
    operands: ['x', 'mean', 'scale', 'shift'],
    internal: true,
    value: () => (x, mean, scale, shift) => (x - mean) * scale + shift,
    wgsl: ([x, mean, scale, shift]) => `(${x} - ${mean}) * ${scale} + ${shift}`,
    gradient: ({ b, inputs: [x, mean, scale, shift], grads, needs }) => {
      const dy = grads[0]!;
      const dx = needs(0) || needs(1) ? b.mul(dy, scale) : undefined;
      return [
        needs(0) ? dx : undefined,
        needs(1) ? b.unbroadcast(b.affine(dx!, -1), b.shape(mean)) : undefined,
        needs(2) ? b.unbroadcast(b.mul(dy, b.sub(x, mean)), b.shape(scale)) : undefined,
        needs(3) ? b.unbroadcast(dy, b.shape(shift)) : undefined,
      ];
    },
  }),
  macs: ([x]) => 2 * elementCount(x),
};
