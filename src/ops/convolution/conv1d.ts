import type { Attrs } from '../../ir/graph.ts';
import { type CompositeOp, ShapeError } from '../../ir/op.ts';
import { checkVector } from '../axis.ts';
import { withBias } from './conv2d.ts';
import { convolvedDims } from './shapes.ts';

export const conv1d: CompositeOp = {
  kind: 'composite',
  name: 'conv1d',
  doc:
    'Convolution of sequences (torch.nn.functional.conv1d): x [B, C, L], weight [C2, C/groups, k], bias [C2] → ' +
    '[B, C2, L2]. `padding` is one number or [left, right]; [k − 1, 0] makes it causal.',
  example:
    'forward(x: [B, 8, 100], weight: [8, 1, 4]) -> [B, 8, 100] { conv1d(x, weight, padding: <3, 0>, groups: 8) }',
  operands: [{ name: 'x' }, { name: 'weight' }, { name: 'bias', optional: true }],
  attrs: {
    stride: { type: 'int', default: 1 },
    padding: { type: 'int[]', repeat: 2, default: [0, 0] },
    dilation: { type: 'int', default: 1 },
    groups: { type: 'int', default: 1 },
  },
  shape: ([x, weight, bias], attrs) => {
    const dims = convolvedDims('conv1d', x.dims, weight.dims, alongOneAxis(attrs), 1);
    checkVector('conv1d', 'a bias', bias?.dims, dims[1], [1, 2]);
    return [{ dims, dtype: 'f32' }];
  },
  expand: (b, [x, weight, bias], attrs) => [
    withBias(b, b.apply('convolution', [x, weight], alongOneAxis(attrs)), bias),
  ],
};

/** The attributes of `convolution`, which are lists. */
function alongOneAxis(attrs: Attrs): Attrs {
  const padding = attrs['padding'] as readonly number[];
  if (padding.length !== 2) {
    throw new ShapeError(`\`conv1d\`: padding <${padding.join(', ')}> must be one number or [left, right]`);
  }
  return {
    stride: [attrs['stride'] as number],
    padding,
    dilation: [attrs['dilation'] as number],
    groups: attrs['groups'],
  };
}
