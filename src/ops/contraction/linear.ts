import { formatDims } from '../../ir/dim.ts';
import { type CompositeOp, ShapeError } from '../../ir/op.ts';
import { checkVector } from '../axis.ts';
import { formatEquation } from './equation.ts';
import { axisLetters } from './letters.ts';

export const linear: CompositeOp = {
  kind: 'composite',
  name: 'linear',
  doc: 'x · weightᵀ + bias over the last axis (torch.nn.functional.linear): x [..., in], weight [out, in], bias [out] → [..., out].',
  example: 'forward(x: [B, 10, 16], weight: [32, 16], bias: [32]) -> [B, 10, 32] { linear(x, weight, bias) }',
  operands: [{ name: 'x' }, { name: 'weight' }, { name: 'bias', optional: true }],
  attrs: {},
  shape: ([x, weight, bias]) => {
    const found = `x ${formatDims(x.dims)} and weight ${formatDims(weight.dims)}`;
    if (x.dims.length === 0 || weight.dims.length !== 2) {
      throw new ShapeError(`\`linear\` needs x [..., in] and weight [out, in], found ${found}`, [0, 1]);
    }
    const [out, inner] = weight.dims;
    if (!inner.equals(x.dims[x.dims.length - 1])) {
      throw new ShapeError(
        `\`linear\` of ${found}: the last axis is ${x.dims.at(-1)}, the weight takes ${inner}`,
        [0, 1],
      );
    }
    checkVector('linear', 'a bias', bias?.dims, out, [1, 2]);
    return [{ dims: [...x.dims.slice(0, -1), out], dtype: 'f32' }];
  },
  expand: (b, [x, weight, bias]) => {
    const letters = axisLetters(b.shape(x).length + 1);
    const [inner, out] = letters.slice(-2);
    const lead = letters.slice(0, -2);
    const y = b.einsum(formatEquation([...lead, inner], [out, inner], [...lead, out]), x, weight);
    return [bias === undefined ? y : b.add(y, bias)];
  },
};
