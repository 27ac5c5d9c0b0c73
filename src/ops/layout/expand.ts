import { Dim } from '../../ir/dim.ts';
import type { PrimitiveOp } from '../../ir/op.ts';
import { broadcastDims, mapBroadcast } from '../broadcast.ts';
import { elementwise } from '../elementwise.ts';

const copy = elementwise({
  name: 'expand',
  doc: 'Stretches axes of size 1 to `shape` (torch.expand), as new memory.',
  operands: ['x'],
  attrs: { shape: { type: 'int[]' } },
  value: () => (x) => x,
  wgsl: ([x]) => x,
  gradient: ({ b, inputs, grads }) => [b.unbroadcast(grads[0]!, b.shape(inputs[0]))],
});

/** Element-wise copy whose output shape is an attribute. */
export const expand: PrimitiveOp = {
  ...copy,
  shape: ([x], attrs) => [
    {
      dims: broadcastDims('expand', [x.dims, (attrs['shape'] as readonly number[]).map((n) => Dim.of(n))]),
      dtype: 'f32',
    },
  ],
  reference: (inputs, _attrs, [out]) => [mapBroadcast(inputs, out, (x) => x)],
};
