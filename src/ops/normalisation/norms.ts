import { formatDims } from '../../ir/dim.ts';
import { type CompositeOp, ShapeError } from '../../ir/op.ts';
import { elementwise, f32 } from '../elementwise.ts';
import { affineOperands, channelsOf, checkAffine } from './affine.ts';

const eps = { eps: { type: 'float', default: 1e-5 } } as const;

export const instanceNorm: CompositeOp = {
  kind: 'composite',
  name: 'instance_norm',
  doc: '(x − mean) / sqrt(variance + eps) · weight[c] + bias[c], statistics per sample and channel (Ulyanov et al. 2016, arXiv 1607.08022). x [B, C, ...], weight and bias [C] or neither.',
  operands: affineOperands,
  attrs: eps,
  shape: (inputs) => {
    const { dims } = inputs[0];
    checkAffine('instance_norm', inputs, channelsOf('instance_norm', dims));
    return [{ dims, dtype: 'f32' }];
  },
  expand: (b, inputs, a) => [b.applyAll('channel_norm', inputs, { ...a, groups: b.shape(inputs[0])[1] })[0]],
};

export const groupNorm: CompositeOp = {
  kind: 'composite',
  name: 'group_norm',
  doc: '(x − mean) / sqrt(variance + eps) · weight[c] + bias[c], statistics per sample and group of C / groups channels (Wu and He 2018, arXiv 1803.08494). x [B, C, ...], weight and bias [C] or neither.',
  operands: affineOperands,
  attrs: { groups: { type: 'int' }, ...eps },
  shape: (inputs, a) => {
    const { dims } = inputs[0];
    const channels = channelsOf('group_norm', dims);
    checkAffine('group_norm', inputs, channels);
    const groups = a['groups'] as number;
    if (groups < 1 || channels.size % groups !== 0) {
      throw new ShapeError(
        `\`group_norm\` of ${formatDims(dims)}: ${groups} groups do not divide ${channels} channels`,
        [0],
      );
    }
    return [{ dims, dtype: 'f32' }];
  },
  expand: (b, inputs, a) => [b.applyAll('channel_norm', inputs, a)[0]],
};

export const batchNorm: CompositeOp = {
  kind: 'composite',
  name: 'batch_norm',
  doc: '(x − mean) / sqrt(variance + eps) · weight[c] + bias[c], statistics per channel: of the batch, as PyTorch trains, or, where they are given, the running ones (Ioffe and Szegedy 2015, arXiv 1502.03167). x [B, C, ...], all others [C].',
  operands: [
    { name: 'x' },
    { name: 'weight' },
    { name: 'bias' },
    { name: 'running_mean', optional: true },
    { name: 'running_var', optional: true },
  ],
  attrs: eps,
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
      if (operand.dims.length !== 1 || !operand.dims[0].equals(channels)) {
        throw new ShapeError(
          `\`batch_norm\` of ${formatDims(dims)} needs running statistics of ${formatDims([channels])}, found ${formatDims(operand.dims)}`,
          [0, i + 3],
        );
      }
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
    const centred = b.sub(x, b.reshape(mean, perChannel));
    return [b.add(b.mul(centred, b.reshape(scale, perChannel)), b.reshape(bias, perChannel))];
  },
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
