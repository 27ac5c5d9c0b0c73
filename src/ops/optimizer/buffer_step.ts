import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';
import { clipFactor } from './step.ts';

export const bufferStep: PrimitiveOp = {
  kind: 'primitive',
  name: 'buffer_step',
  doc: 'What buffers hold after a step of training, in place: `values` instead of `buffers`, both [n] of one type. Where loss [] or norm2 [], the squared norm of all gradients, is not finite nothing changes, as with the optimizer.',
  operands: [{ name: 'buffers' }, { name: 'values' }, { name: 'norm2' }, { name: 'loss' }],
  attrs: {},
  internal: true,
  shape: ([buffers, values]) => {
    const same =
      buffers.dims.length === 1 && values.dims.length === 1 && buffers.dims[0].equals(values.dims[0]);
    if (!same || buffers.dtype !== values.dtype)
      throw new ShapeError('`buffer_step` needs two arrays of one size and type', [0, 1]);
    return [buffers];
  },
  reference: ([buffers, values, norm2, loss]) => [
    clipFactor(norm2, loss, 0) === undefined ? buffers : values,
  ],
  lowering: { kind: 'kernels', inPlace: { 0: 0 } },
};
