import { Dim, type Dims, formatDims } from '../../ir/dim.ts';
import type { Attrs } from '../../ir/graph.ts';
import { type CompositeOp, ShapeError } from '../../ir/op.ts';
import { checkBias, convolvedDims } from './shapes.ts';

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
    if (x.dims.length !== 3 || weight.dims.length !== 3) {
      throw new ShapeError(
        `\`conv1d\` needs x [B, C, L] and weight [C2, C/groups, k], found ${formatDims(x.dims)} and ${formatDims(weight.dims)}`,
        [0, 1],
      );
    }
    const flat = (d: Dims) => [d[0], d[1], Dim.of(1), d[2]];
    const y = convolvedDims('conv1d', flat(x.dims), flat(weight.dims), planar(attrs));
    checkBias('conv1d', bias?.dims, y[1]);
    return [{ dims: [y[0], y[1], y[3]], dtype: 'f32' }];
  },
  expand: (b, [x, weight, bias], attrs) => {
    const [batch, channels, length] = b.shape(x);
    const [out, groupChannels, kernel] = b.shape(weight);
    const y = b.apply(
      'conv2d',
      [
        b.reshape(x, [batch, channels, 1, length]),
        b.reshape(weight, [out, groupChannels, 1, kernel]),
        ...(bias === undefined ? [] : [bias]),
      ],
      planar(attrs),
    );
    const [, , , outLength] = b.shape(y);
    return [b.reshape(y, [batch, out, outLength])];
  },
};

/** The same window on a map of height 1. */
function planar(attrs: Attrs): Attrs {
  const padding = attrs['padding'] as readonly number[];
  if (padding.length !== 2) {
    throw new ShapeError(`\`conv1d\`: padding <${padding.join(', ')}> must be one number or [left, right]`);
  }
  return {
    stride: [1, attrs['stride'] as number],
    padding: [0, padding[0], 0, padding[1]],
    dilation: [1, attrs['dilation'] as number],
    groups: attrs['groups'],
  };
}
