import { elementCount } from '../../ir/graph.ts';
import type { PrimitiveOp } from '../../ir/op.ts';
import { sliceSplits } from '../../ir/split-rule.ts';
import { eachTap, poolAttrs, pooledDims, windowOf } from './window.ts';

export const max_pool2d: PrimitiveOp = {
  kind: 'primitive',
  name: 'max_pool2d',
  doc:
    'Largest element of each window: [B, C, H, W] → [B, C, H2, W2], H2 = floor((H + 2·padding − kernel_size) / stride) + 1; padding never wins; `stride` 0 stands for kernel_size ' +
    '(torch.nn.functional.max_pool2d).',
  example:
    'forward(x: [B, 8, 16, 16]) -> [B, 8, 8, 8] { max_pool2d(x, kernel_size: 3, stride: 2, padding: 1) }',
  operands: [{ name: 'x' }],
  attrs: poolAttrs,
  splits: (inputs, outputs) => sliceSplits(inputs, outputs, [0, 1]),
  shape: ([x], attrs) => [{ dims: pooledDims('max_pool2d', x.dims, attrs, 2), dtype: 'f32' }],
  gradient: ({ b, inputs, grads, attrs }) => [b.apply('max_pool2d_backward', [inputs[0], grads[0]!], attrs)],
  reference: ([x], attrs, [out]) => {
    const data = new Float64Array(elementCount(out)).fill(Number.NEGATIVE_INFINITY);
    eachTap(x.shape, out, windowOf(attrs), (o, i) => {
      data[o] = Math.max(data[o], x.data[i]);
    });
    return [{ shape: out, data }];
  },
  lowering: { kind: 'kernels' },
};

export const max_pool2d_backward: PrimitiveOp = {
  kind: 'primitive',
  name: 'max_pool2d_backward',
  doc: "Gradient of max_pool2d: dy goes to the first of each window's largest elements, in row-major order.",
  internal: true,
  operands: [{ name: 'x' }, { name: 'dy' }],
  attrs: poolAttrs,
  splits: (inputs, outputs) => sliceSplits(inputs, outputs, [0, 1]),
  shape: ([x]) => [{ dims: x.dims, dtype: 'f32' }],
  reference: ([x, dy], attrs, [out]) => {
    const best = new Int32Array(dy.data.length).fill(-1);
    eachTap(x.shape, dy.shape, windowOf(attrs), (o, i) => {
      if (best[o] < 0 || x.data[i] > x.data[best[o]]) best[o] = i;
    });
    const data = new Float64Array(elementCount(out));
    best.forEach((i, o) => {
      data[i] += dy.data[o];
    });
    return [{ shape: out, data }];
  },
  lowering: { kind: 'kernels' },
};
