import { type Dims, dimsOf, formatDims } from '../../ir/dim.ts';
import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';
import { cutShape, elementSplits } from '../../ir/split-rule.ts';
import { mapBroadcast } from '../broadcast.ts';
import { elementwise } from '../elementwise.ts';

const copy = elementwise({
  name: 'expand',
  doc:
    'Stretches axes of size 1 to `shape`, as new memory; -1 keeps the size of an axis, and axes may be added in ' +
    'front (torch.Tensor.expand): [..., 1, ...] → `shape`.',
  example: 'forward(x: [B, 8, 1, 1]) -> [B, 8, 16, 16] { expand(x, [B, 8, 16, 16]) }',
  operands: ['x'],
  attrs: { shape: { type: 'int[]', sizes: true } },
  value: () => (x) => x,
  wgsl: ([x]) => x,
  gradient: ({ b, inputs, grads }) => [b.unbroadcast(grads[0]!, b.shape(inputs[0]))],
});

/** Element-wise copy whose output shape is an attribute. */
export const expand: PrimitiveOp = {
  ...copy,
  splits: (inputs, outputs) =>
    elementSplits(inputs, outputs).map((rule) => ({
      ...rule,
      attrs: (part: number, whole: number) => ({
        shape: cutShape(outputs[0], rule.outputs[0] as number, part, whole),
      }),
    })),
  shape: ([x], attrs, sizes) => [
    { dims: expanded(x.dims, sizes ?? dimsOf(attrs['shape'] as readonly number[])), dtype: 'f32' },
  ],
  reference: (inputs, _attrs, [out]) => [mapBroadcast(inputs, out, (x) => x)],
};

function expanded(from: Dims, shape: Dims): Dims {
  const added = shape.length - from.length;
  const wrong = (why: string) =>
    new ShapeError(`\`expand\` of ${formatDims(from)} to ${formatDims(shape)}: ${why}`, [0]);
  if (added < 0) throw wrong(`the tensor has ${from.length} axes, the shape ${shape.length}`);
  return shape.map((size, i) => {
    const own = from[i - added];
    if (size.equals(-1)) {
      if (own) return own;
      throw wrong(`axis ${i} is new, so that -1 has nothing to keep`);
    }
    if (size.size < 1) throw wrong(`an axis cannot be ${size}`);
    if (own && !own.isOne() && !own.equals(size)) {
      throw wrong(`axis ${i} is ${own}, and only axes of size 1 stretch`);
    }
    return size;
  });
}
