import type { GraphBuilder } from '../../ir/builder.ts';
import type { ValueId } from '../../ir/graph.ts';
import type { CompositeOp } from '../../ir/op.ts';
import { checkVector } from '../axis.ts';
import { windowAttrs } from './geometry.ts';
import { convolvedDims } from './shapes.ts';

export const conv2d: CompositeOp = {
  kind: 'composite',
  name: 'conv2d',
  doc:
    'Convolution (torch.nn.functional.conv2d): x [B, C, H, W], weight [C2, C/groups, kh, kw], bias [C2] → ' +
    '[B, C2, H2, W2], H2 = floor((H + top + bottom − dilation·(kh − 1) − 1) / stride) + 1. `padding` is one number, ' +
    '[vertical, horizontal] or [top, left, bottom, right]; zeros.',
  example:
    'forward(x: [B, 3, 32, 32], weight: [16, 3, 3, 3]) -> [B, 16, 16, 16] { conv2d(x, weight, stride: 2, padding: 1) }',
  operands: [{ name: 'x' }, { name: 'weight' }, { name: 'bias', optional: true }],
  attrs: windowAttrs,
  shape: ([x, weight, bias], attrs) => {
    const dims = convolvedDims('conv2d', x.dims, weight.dims, attrs, 2);
    checkVector('conv2d', 'a bias', bias?.dims, dims[1], [1, 2]);
    return [{ dims, dtype: 'f32' }];
  },
  expand: (b, [x, weight, bias], attrs) => [withBias(b, b.apply('convolution', [x, weight], attrs), bias)],
};

/** Adds a bias [C] to the channels of y [B, C, ...]. */
export function withBias(b: GraphBuilder, y: ValueId, bias: ValueId | undefined): ValueId {
  return bias === undefined
    ? y
    : b.add(
        y,
        b.reshape(
          bias,
          b
            .shape(y)
            .slice(1)
            .map((n, a) => (a === 0 ? n : 1)),
        ),
      );
}
