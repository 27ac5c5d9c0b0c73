import { type Dims, formatDims, productOf } from '../../ir/dim.ts';
import { elementCount } from '../../ir/graph.ts';
import { type CompositeOp, type PrimitiveOp, ShapeError } from '../../ir/op.ts';
import { leadingAxis } from '../../ir/split-rule.ts';
import { square } from '../../math.ts';
import { affineOperands, checkAffine, normalisationMacs, statsType } from './affine.ts';

const attrs = { eps: { type: 'float', default: 1e-5 } } as const;

export const layerNorm: CompositeOp = {
  kind: 'composite',
  name: 'layer_norm',
  doc: '(x − mean) / sqrt(variance + eps) · weight + bias, over the last axis (Ba et al. 2016, arXiv 1607.06450). x [..., C], weight and bias [C] or neither → [..., C].',
  example: 'forward(x: [B, 10, 16], weight: [16], bias: [16]) -> [B, 10, 16] { layer_norm(x, weight, bias) }',
  operands: affineOperands,
  attrs,
  shape: (inputs) => {
    const { dims } = inputs[0];
    if (dims.length === 0) throw new ShapeError('`layer_norm` of a scalar: it needs at least one axis', [0]);
    checkAffine('layer_norm', inputs, dims[dims.length - 1]);
    return [{ dims, dtype: 'f32' }];
  },
  expand: (b, inputs, a) => [b.applyAll('layer_norm_with_stats', inputs, a)[0]],
};

/** Layer norm that also keeps mean and 1/σ of each row for its gradient. */
export const layerNormWithStats: PrimitiveOp = {
  kind: 'primitive',
  name: 'layer_norm_with_stats',
  doc: 'Layer norm; the second output [rows, 2] holds mean and 1 / sqrt(variance + eps) of each row.',
  operands: affineOperands,
  attrs,
  internal: true,
  splits: ([x, ...affine]) => {
    const axis = leadingAxis(x);
    if (axis === x.length - 1) return [];
    return [{ operands: [axis, ...affine.map(() => undefined)], outputs: [axis, 0] }];
  },
  shape: (inputs, a) => [...layerNorm.shape(inputs, a), statsType(rowsOf(inputs[0].dims))],
  macs: (inputs) => normalisationMacs(inputs.length, elementCount(inputs[0])),
  gradient: ({ b, inputs, outputs, grads }) =>
    b.applyAll('layer_norm_backward', [grads[0]!, inputs[0], outputs[1], ...inputs.slice(1, 2)]),
  reference: ([x, weight, bias], a) => {
    const { length, rows } = rowsAndLength(x.shape);
    const y = new Float64Array(x.data.length);
    const stats = new Float64Array(2 * rows);
    for (let r = 0; r < rows; r++) {
      let mean = 0;
      for (let k = 0; k < length; k++) mean += x.data[r * length + k] / length;
      let variance = 0;
      for (let k = 0; k < length; k++) variance += square(x.data[r * length + k] - mean) / length;
      const rstd = 1 / Math.sqrt(variance + (a['eps'] as number));
      stats.set([mean, rstd], 2 * r);
      for (let k = 0; k < length; k++) {
        const normal = (x.data[r * length + k] - mean) * rstd;
        y[r * length + k] = weight ? normal * weight.data[k] + bias.data[k] : normal;
      }
    }
    return [
      { shape: x.shape, data: y },
      { shape: [rows, 2], data: stats },
    ];
  },
  exact: [1],
  lowering: { kind: 'kernels' },
};

/** Gradients of layer norm: of x, and of weight and bias where there are any. */
export const layerNormBackward: PrimitiveOp = {
  kind: 'primitive',
  name: 'layer_norm_backward',
  doc: 'Gradients of layer norm with respect to x and, given a weight, to weight and bias; stats [rows, 2] as `layer_norm_with_stats` gives them.',
  operands: [{ name: 'dy' }, { name: 'x' }, { name: 'stats' }, { name: 'weight', optional: true }],
  attrs: {},
  internal: true,
  splits: ([dy, , , ...weight]) => {
    const axis = leadingAxis(dy);
    if (axis === dy.length - 1) return [];
    const sums = weight.length > 0 ? (['sum', 'sum'] as const) : [];
    return [{ operands: [axis, axis, 0, ...weight.map(() => undefined)], outputs: [axis, ...sums] }];
  },
  shape: ([, x, , weight]) => [
    { dims: x.dims, dtype: 'f32' },
    ...(weight ? [weight, weight].map(({ dims }) => ({ dims, dtype: 'f32' as const })) : []),
  ],
  reference: ([dy, x, stats, weight]) => {
    const { length, rows } = rowsAndLength(x.shape);
    const dx = new Float64Array(x.data.length);
    const dw = new Float64Array(length);
    const db = new Float64Array(length);
    for (let r = 0; r < rows; r++) {
      const [mean, rstd] = stats.data.subarray(2 * r, 2 * r + 2);
      let meanG = 0;
      let meanGX = 0;
      for (let k = 0; k < length; k++) {
        const i = r * length + k;
        const normal = (x.data[i] - mean) * rstd;
        const g = dy.data[i] * (weight ? weight.data[k] : 1);
        meanG += g / length;
        meanGX += (g * normal) / length;
        dw[k] += dy.data[i] * normal;
        db[k] += dy.data[i];
      }
      for (let k = 0; k < length; k++) {
        const i = r * length + k;
        const g = dy.data[i] * (weight ? weight.data[k] : 1);
        dx[i] = rstd * (g - meanG - (x.data[i] - mean) * rstd * meanGX);
      }
    }
    const gradient = { shape: x.shape, data: dx };
    return weight
      ? [gradient, { shape: weight.shape, data: dw }, { shape: weight.shape, data: db }]
      : [gradient];
  },
  lowering: { kind: 'kernels' },
};

function rowsOf(dims: Dims) {
  const rows = productOf(dims.slice(0, -1));
  if (!rows) throw new ShapeError(`\`layer_norm\` of ${formatDims(dims)}: the batch occurs twice`, [0]);
  return rows;
}

export function rowsAndLength(shape: readonly number[]) {
  const length = shape[shape.length - 1];
  return { length, rows: elementCount(shape) / Math.max(length, 1) };
}
