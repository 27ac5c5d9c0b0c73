import { Dim, formatDims } from '../../ir/dim.ts';
import { elementCount, type Shape } from '../../ir/graph.ts';
import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';
import { axisText, kernelText, placeCount } from '../geometry.ts';
import { axesOf, windowAttrs, windowOf } from './geometry.ts';
import { eachKernelRow } from './loops.ts';
import { checkedWindow, convolvedDims } from './shapes.ts';
import { channelSplits } from './splits.ts';

/** Products of a convolution whose output is `y`, those with padding included. */
const macs = (weight: Shape, y: Shape) => (elementCount(weight) * elementCount(y)) / y[1];

/** Maps behind batch and channels. */
const rankOf = (dims: { readonly length: number }) => Math.max(dims.length - 2, 1);

/** Convolution without bias over any number of axes; what `conv1d`, `conv2d` and the gradients of transposed convolutions expand to. */
export const convolution: PrimitiveOp = {
  kind: 'primitive',
  name: 'convolution',
  doc: 'Convolution without bias over any number of axes: x [B, C, ...], weight [C2, C/groups, ...] → [B, C2, ...].',
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
    { dims: convolvedDims('convolution', x.dims, weight.dims, attrs, rankOf(x.dims)), dtype: 'f32' },
  ],
  macs: ([, weight], [y]) => macs(weight, y),
  gradient: ({ b, inputs: [x, weight], grads, attrs, needs }) => {
    const dy = grads[0]!;
    return [
      needs(0)
        ? b.apply('convolution_grad_input', [dy, weight], { ...attrs, input_size: b.shape(x).slice(2) })
        : undefined,
      needs(1)
        ? b.apply('convolution_grad_weight', [x, dy], { ...attrs, kernel_size: b.shape(weight).slice(2) })
        : undefined,
    ];
  },
  reference: ([x, weight], attrs, [y]) => {
    const data = new Float64Array(elementCount(y));
    eachKernelRow(windowOf(attrs, rankOf(y)), x.shape, weight.shape, y, (row) => {
      for (let t = 0; t < row.count; t++) {
        data[row.y] += x.data[row.x + t * row.step] * weight.data[row.weight + t];
      }
    });
    return [{ shape: y, data }];
  },
  lowering: { kind: 'kernels' },
};

export const convolutionGradInput: PrimitiveOp = {
  kind: 'primitive',
  name: 'convolution_grad_input',
  doc:
    "Gradient of a convolution's input, which is a transposed convolution: dy [B, C2, ...], weight " +
    '[C2, C/groups, ...] → [B, C, ...] with the sizes of `input_size`.',
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
    const size = attrs['input_size'] as readonly number[];
    const rank = size.length;
    const w = checkedWindow('convolution_grad_input', attrs, rank);
    const found = `dy ${formatDims(dy.dims)} and weight ${formatDims(weight.dims)}`;
    const maps = dy.dims.length === rank + 2 && weight.dims.length === rank + 2;
    if (!maps || !dy.dims[1].equals(weight.dims[0])) {
      throw new ShapeError(
        `\`convolution_grad_input\` needs dy [B, C2, ${axisText(rank, '2')}] and weight [C2, C/groups, ${kernelText(rank)}], found ${found}`,
        [0, 1],
      );
    }
    const kernel = weight.dims.slice(2).map((d) => d.size);
    if (!axesOf(w, kernel).every((axis, a) => dy.dims[2 + a].equals(placeCount(axis, size[a])))) {
      throw new ShapeError(
        `\`convolution_grad_input\` of ${found}: a map of ${size.join('×')} has another output`,
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
        ? b.apply('convolution_grad_weight', [g, dy], { ...window, kernel_size: b.shape(weight).slice(2) })
        : undefined,
    ];
  },
  reference: ([dy, weight], attrs, [dx]) => {
    const data = new Float64Array(elementCount(dx));
    eachKernelRow(windowOf(attrs, rankOf(dx)), dx, weight.shape, dy.shape, (row) => {
      for (let t = 0; t < row.count; t++) {
        data[row.x + t * row.step] += dy.data[row.y] * weight.data[row.weight + t];
      }
    });
    return [{ shape: dx, data }];
  },
  lowering: { kind: 'kernels' },
};

export const convolutionGradWeight: PrimitiveOp = {
  kind: 'primitive',
  name: 'convolution_grad_weight',
  doc: "Gradient of a convolution's weight: x [B, C, ...], dy [B, C2, ...] → [C2, C/groups, ...] with the sizes of `kernel_size`.",
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
    const kernel = attrs['kernel_size'] as readonly number[];
    const rank = kernel.length;
    const w = checkedWindow('convolution_grad_weight', attrs, rank);
    const channels = x.dims.length === rank + 2 ? x.dims[1].over(w.groups) : undefined;
    const fits =
      dy.dims.length === rank + 2 &&
      channels &&
      axesOf(w, kernel).every((axis, a) => dy.dims[2 + a].equals(placeCount(axis, x.dims[2 + a].size)));
    if (!fits) {
      throw new ShapeError(
        `\`convolution_grad_weight\` of x ${formatDims(x.dims)} and dy ${formatDims(dy.dims)}: a kernel of ${kernel.join('×')} has another output`,
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
        ? b.apply('convolution_grad_input', [dy, g], { ...window, input_size: b.shape(x).slice(2) })
        : undefined,
      needs(1) ? b.apply('convolution', [x, g], window) : undefined,
    ];
  },
  reference: ([x, dy], attrs, [dweight]) => {
    const data = new Float64Array(elementCount(dweight));
    eachKernelRow(windowOf(attrs, rankOf(dweight)), x.shape, dweight, dy.shape, (row) => {
      for (let t = 0; t < row.count; t++) {
        data[row.weight + t] += dy.data[row.y] * x.data[row.x + t * row.step];
      }
    });
    return [{ shape: dweight, data }];
  },
  lowering: { kind: 'kernels' },
};
