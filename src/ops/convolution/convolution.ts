import { Dim, formatDims } from '../../ir/dim.ts';
import { elementCount, type Shape } from '../../ir/graph.ts';
import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';
import { convolvedSize, windowAttrs, windowOf } from './geometry.ts';
import { eachKernelRow } from './loops.ts';
import { checkedWindow, convolvedDims } from './shapes.ts';
import { channelSplits } from './splits.ts';

/** Products of a convolution whose output is `y`, those with padding included. */
const macs = (weight: Shape, y: Shape) => (elementCount(weight) * elementCount(y)) / y[1];

/** Convolution without bias; what `conv2d` and the gradients of transposed convolutions expand to. */
export const convolution: PrimitiveOp = {
  kind: 'primitive',
  name: 'convolution',
  doc: 'conv2d without bias: x [B, C, H, W], weight [C2, C/groups, kh, kw] → [B, C2, H2, W2].',
  operands: [{ name: 'x' }, { name: 'weight' }],
  attrs: windowAttrs,
  internal: true,
  splits: (_inputs, _outputs, a) => [
    { operands: [0, undefined], outputs: [0] },
    ...channelSplits(a, {
      whole: [
        { operands: [undefined, 0], outputs: [1] },
        { operands: [1, 1], outputs: ['sum'] },
      ],
      grouped: { operands: [1, 0], outputs: [1] },
    }),
  ],
  shape: ([x, weight], attrs) => [
    { dims: convolvedDims('convolution', x.dims, weight.dims, attrs), dtype: 'f32' },
  ],
  macs: ([, weight], [y]) => macs(weight, y),
  gradient: ({ b, inputs: [x, weight], grads, attrs, needs }) => {
    const dy = grads[0]!;
    return [
      needs(0)
        ? b.apply('conv2d_grad_input', [dy, weight], { ...attrs, input_size: b.shape(x).slice(2) })
        : undefined,
      needs(1)
        ? b.apply('conv2d_grad_weight', [x, dy], { ...attrs, kernel_size: b.shape(weight).slice(2) })
        : undefined,
    ];
  },
  reference: ([x, weight], attrs, [y]) => {
    const data = new Float64Array(elementCount(y));
    eachKernelRow(windowOf(attrs), x.shape, weight.shape, y, (row) => {
      for (let t = 0; t < row.count; t++) {
        data[row.y] += x.data[row.x + t * row.step] * weight.data[row.weight + t];
      }
    });
    return [{ shape: y, data }];
  },
  lowering: { kind: 'kernels' },
};

export const conv2dGradInput: PrimitiveOp = {
  kind: 'primitive',
  name: 'conv2d_grad_input',
  doc:
    "Gradient of conv2d's input, which is a transposed convolution: dy [B, C2, H2, W2], weight " +
    '[C2, C/groups, kh, kw] → [B, C, H, W] with H, W given by `input_size`.',
  operands: [{ name: 'dy' }, { name: 'weight' }],
  attrs: { ...windowAttrs, input_size: { type: 'int[]' } },
  internal: true,
  splits: (_inputs, _outputs, a) => [
    { operands: [0, undefined], outputs: [0] },
    ...channelSplits(a, {
      whole: [
        { operands: [undefined, 1], outputs: [1] },
        { operands: [1, 0], outputs: ['sum'] },
      ],
      grouped: { operands: [1, 0], outputs: [1] },
    }),
  ],
  shape: ([dy, weight], attrs) => {
    const w = checkedWindow('conv2d_grad_input', attrs);
    const size = attrs['input_size'] as readonly number[];
    const found = `dy ${formatDims(dy.dims)} and weight ${formatDims(weight.dims)}`;
    if (dy.dims.length !== 4 || weight.dims.length !== 4 || !dy.dims[1].equals(weight.dims[0])) {
      throw new ShapeError(
        `\`conv2d_grad_input\` needs dy [B, C2, H2, W2] and weight [C2, C/groups, kh, kw], found ${found}`,
        [0, 1],
      );
    }
    const fits = ([0, 1] as const).every((a) =>
      dy.dims[2 + a].equals(convolvedSize(w, a, size[a], weight.dims[2 + a].size)),
    );
    if (!fits) {
      throw new ShapeError(
        `\`conv2d_grad_input\` of ${found}: a map of ${size.join('×')} has another output`,
        [0, 1],
      );
    }
    const channels = weight.dims[1].times(w.groups)!;
    return [{ dims: [dy.dims[0], channels, ...size.map((n) => Dim.of(n))], dtype: 'f32' }];
  },
  macs: ([dy, weight]) => macs(weight, dy),
  gradient: ({ b, inputs: [dy, weight], grads, attrs, needs }) => {
    const { input_size: _, ...window } = attrs;
    const g = grads[0]!;
    return [
      needs(0) ? b.apply('convolution', [g, weight], window) : undefined,
      needs(1)
        ? b.apply('conv2d_grad_weight', [g, dy], { ...window, kernel_size: b.shape(weight).slice(2) })
        : undefined,
    ];
  },
  reference: ([dy, weight], attrs, [dx]) => {
    const data = new Float64Array(elementCount(dx));
    eachKernelRow(windowOf(attrs), dx, weight.shape, dy.shape, (row) => {
      for (let t = 0; t < row.count; t++) {
        data[row.x + t * row.step] += dy.data[row.y] * weight.data[row.weight + t];
      }
    });
    return [{ shape: dx, data }];
  },
  lowering: { kind: 'kernels' },
};

export const conv2dGradWeight: PrimitiveOp = {
  kind: 'primitive',
  name: 'conv2d_grad_weight',
  doc: "Gradient of conv2d's weight: x [B, C, H, W], dy [B, C2, H2, W2] → [C2, C/groups, kh, kw] with kh, kw given by `kernel_size`.",
  operands: [{ name: 'x' }, { name: 'dy' }],
  attrs: { ...windowAttrs, kernel_size: { type: 'int[]' } },
  internal: true,
  splits: (_inputs, _outputs, a) => [
    { operands: [0, 0], outputs: ['sum'] },
    ...channelSplits(a, {
      whole: [
        { operands: [1, undefined], outputs: [1] },
        { operands: [undefined, 1], outputs: [0] },
      ],
      grouped: { operands: [1, 1], outputs: [0] },
    }),
  ],
  shape: ([x, dy], attrs) => {
    const w = checkedWindow('conv2d_grad_weight', attrs);
    const kernel = attrs['kernel_size'] as readonly number[];
    const channels = x.dims.length === 4 ? x.dims[1].over(w.groups) : undefined;
    const fits =
      dy.dims.length === 4 &&
      channels &&
      ([0, 1] as const).every((a) =>
        dy.dims[2 + a].equals(convolvedSize(w, a, x.dims[2 + a].size, kernel[a])),
      );
    if (!fits) {
      throw new ShapeError(
        `\`conv2d_grad_weight\` of x ${formatDims(x.dims)} and dy ${formatDims(dy.dims)}: a kernel of ${kernel.join('×')} has another output`,
        [0, 1],
      );
    }
    return [{ dims: [dy.dims[1], channels, ...kernel.map((n) => Dim.of(n))], dtype: 'f32' }];
  },
  macs: ([, dy], [dweight]) => macs(dweight, dy),
  gradient: ({ b, inputs: [x, dy], grads, attrs, needs }) => {
    const { kernel_size: _, ...window } = attrs;
    const g = grads[0]!;
    return [
      needs(0)
        ? b.apply('conv2d_grad_input', [dy, g], { ...window, input_size: b.shape(x).slice(2) })
        : undefined,
      needs(1) ? b.apply('convolution', [x, g], window) : undefined,
    ];
  },
  reference: ([x, dy], attrs, [dweight]) => {
    const data = new Float64Array(elementCount(dweight));
    eachKernelRow(windowOf(attrs), x.shape, dweight, dy.shape, (row) => {
      for (let t = 0; t < row.count; t++) {
        data[row.weight + t] += dy.data[row.y] * x.data[row.x + t * row.step];
      }
    });
    return [{ shape: dweight, data }];
  },
  lowering: { kind: 'kernels' },
};
