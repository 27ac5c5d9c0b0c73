import { formatDims } from '../../ir/dim.ts';
import { type CompositeOp, ShapeError } from '../../ir/op.ts';
import { affineOperands, channelsOf, checkAffine } from './affine.ts';

const eps = { eps: { type: 'float', default: 1e-5 } } as const;

export const instanceNorm: CompositeOp = {
  kind: 'composite',
  name: 'instance_norm',
  doc: '(x − mean) / sqrt(variance + eps) · weight[c] + bias[c], statistics per sample and channel (Ulyanov et al. 2016, arXiv 1607.08022). x [B, C, ...], weight and bias [C] or neither → [B, C, ...].',
  example: 'forward(x: [B, 8, 16, 16]) -> [B, 8, 16, 16] { instance_norm(x) }',
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
  doc: '(x − mean) / sqrt(variance + eps) · weight[c] + bias[c], statistics per sample and group of C / groups channels (Wu and He 2018, arXiv 1803.08494). x [B, C, ...], weight and bias [C] or neither → [B, C, ...].',
  example:
    'forward(x: [B, 8, 16, 16], weight: [8], bias: [8]) -> [B, 8, 16, 16] { group_norm(x, weight, bias, groups: 4) }',
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
