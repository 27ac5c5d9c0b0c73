import { dimsOf, formatDims } from '../../ir/dim.ts';
import { type CompositeOp, ShapeError } from '../../ir/op.ts';
import { checkVector } from '../axis.ts';
import { axisText, coveredSize, kernelText } from '../geometry.ts';
import { withBias } from './conv2d.ts';
import { axesOf, windowAttrs } from './geometry.ts';
import { checkedWindow } from './shapes.ts';

const NAME = 'conv_transpose2d';
/** Axes of its maps. */
const RANK = 2;

export const convTranspose2d: CompositeOp = {
  kind: 'composite',
  name: NAME,
  doc:
    'Transposed convolution (torch.nn.functional.conv_transpose2d): x [B, C, H, W], weight [C, C2, kh, kw], bias ' +
    '[C2] → [B, C2, H2, W2], H2 = (H − 1)·stride − top − bottom + kh + output_padding.',
  example:
    'forward(x: [B, 16, 16, 16], weight: [16, 8, 2, 2]) -> [B, 8, 32, 32] { conv_transpose2d(x, weight, stride: 2) }',
  operands: [{ name: 'x' }, { name: 'weight' }, { name: 'bias', optional: true }],
  attrs: {
    stride: windowAttrs.stride,
    padding: windowAttrs.padding,
    output_padding: { type: 'int[]', repeat: 2, default: [0, 0] },
  },
  shape: ([x, weight, bias], attrs) => {
    const w = checkedWindow(NAME, attrs, RANK);
    const found = `x ${formatDims(x.dims)} and weight ${formatDims(weight.dims)}`;
    const fits = x.dims.length === RANK + 2 && weight.dims.length === RANK + 2;
    if (!fits || [...x.dims.slice(1), ...weight.dims].some((d) => d.batch)) {
      throw new ShapeError(
        `\`${NAME}\` needs x [B, C, ${axisText(RANK)}] and weight [C, C2, ${kernelText(RANK)}], found ${found}`,
        [0, 1],
      );
    }
    if (!x.dims[1].equals(weight.dims[0])) {
      throw new ShapeError(
        `\`${NAME}\` of ${found}: x has ${x.dims[1]} channels, the weight takes ${weight.dims[0]}`,
        [0, 1],
        "a transposed convolution's weight starts with the input channels",
      );
    }
    const extra = attrs['output_padding'] as readonly number[];
    if (extra.some((p, a) => p < 0 || p >= w.stride[a])) {
      throw new ShapeError(
        `\`${NAME}\`: output_padding <${extra.join(', ')}> must be from 0 and less than the stride <${w.stride.join(', ')}>`,
      );
    }
    const kernel = weight.dims.slice(2).map((d) => d.size);
    const sizes = axesOf(w, kernel).map((axis, a) => coveredSize(axis, x.dims[2 + a].size) + extra[a]);
    if (sizes.some((n) => n < 1)) throw new ShapeError(`\`${NAME}\` of ${found}: nothing is left`, [0, 1]);
    const map = sizes.map((n, a) => x.dims[2 + a].map(() => n)!);
    checkVector(NAME, 'a bias', bias?.dims, weight.dims[1], [1, 2]);
    return [{ dims: [x.dims[0], weight.dims[1], ...map], dtype: 'f32' }];
  },
  expand: (b, [x, weight, bias], attrs) => {
    const [out] = convTranspose2d.shape(
      [x, weight].map((v) => ({ dims: dimsOf(b.shape(v)), dtype: 'f32' as const })),
      attrs,
    );
    const { stride, padding } = attrs;
    const size = out.dims.slice(2).map((d) => d.size);
    return [
      withBias(
        b,
        b.apply('convolution_grad_input', [x, weight], { stride, padding, input_size: size }),
        bias,
      ),
    ];
  },
};
