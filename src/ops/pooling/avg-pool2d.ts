import { dimsOf } from '../../ir/dim.ts';
import { type Attrs, elementCount, type Shape } from '../../ir/graph.ts';
import { type AttrSpec, type PrimitiveOp, ShapeError } from '../../ir/op.ts';
import { sliceSplits } from '../../ir/split-rule.ts';
import { mapAxes } from '../geometry.ts';
import { eachTap, poolAttrs, pooledDims, windowOf } from './window.ts';

const attrs: Readonly<Record<string, AttrSpec>> = {
  ...poolAttrs,
  count_include_pad: { type: 'bool', default: true },
};

export const avg_pool2d: PrimitiveOp = {
  kind: 'primitive',
  name: 'avg_pool2d',
  doc:
    'Mean of each window: [B, C, H, W] → [B, C, H2, W2], H2 = floor((H + 2·padding − kernel_size) / stride) + 1; padding counts as zeros, or not at all where `count_include_pad` is ' +
    'false; `stride` 0 stands for kernel_size (torch.nn.functional.avg_pool2d).',
  example: 'forward(x: [B, 8, 16, 16]) -> [B, 8, 8, 8] { avg_pool2d(x, kernel_size: 2) }',
  operands: [{ name: 'x' }],
  attrs,
  splits: (inputs, outputs) => sliceSplits(inputs, outputs, [0, 1]),
  shape: ([x], attrs) => [{ dims: pooledDims('avg_pool2d', x.dims, attrs, 2), dtype: 'f32' }],
  gradient: ({ b, inputs, grads, attrs }) => [
    b.apply('avg_pool2d_backward', [grads[0]!], { ...attrs, size: b.shape(inputs[0]).slice(2) }),
  ],
  reference: ([x], attrs, [out]) => {
    const counts = countsOf(x.shape, out, attrs);
    const data = new Float64Array(elementCount(out));
    eachTap(x.shape, out, windowOf(attrs), (o, i) => {
      data[o] += x.data[i] / counts[o];
    });
    return [{ shape: out, data }];
  },
  lowering: { kind: 'kernels' },
};

export const avg_pool2d_backward: PrimitiveOp = {
  kind: 'primitive',
  name: 'avg_pool2d_backward',
  doc: 'Gradient of avg_pool2d for an input of `size` (height, width): each window shares dy among its elements.',
  internal: true,
  operands: [{ name: 'dy' }],
  attrs: { ...attrs, size: { type: 'int[]' } },
  splits: (inputs, outputs) => sliceSplits(inputs, outputs, [0, 1]),
  shape: ([dy], attrs) => {
    const size = attrs['size'] as readonly number[];
    if (mapAxes('avg_pool2d_backward', dy.dims, size.length).some((d) => d.batch))
      throw new ShapeError('`avg_pool2d_backward` over the batch', [0]);
    return [{ dims: [dy.dims[0], dy.dims[1], ...dimsOf(size)], dtype: 'f32' }];
  },
  reference: ([dy], attrs, [out]) => {
    const counts = countsOf(out, dy.shape, attrs);
    const data = new Float64Array(elementCount(out));
    eachTap(out, dy.shape, windowOf(attrs), (o, i) => {
      data[i] += dy.data[o] / counts[o];
    });
    return [{ shape: out, data }];
  },
  lowering: { kind: 'kernels' },
};

/** What each output element's sum is divided by. */
function countsOf(x: Shape, y: Shape, attrs: Attrs): Float64Array {
  const axes = windowOf(attrs);
  const counts = new Float64Array(elementCount(y));
  if (attrs['count_include_pad']) return counts.fill(axes.reduce((n, { kernel }) => n * kernel, 1));
  eachTap(x, y, axes, (o) => {
    counts[o]++;
  });
  return counts;
}
