import { Dim, formatDims } from '../../ir/dim.ts';
import { type Attrs, elementCount, type Shape } from '../../ir/graph.ts';
import { type PrimitiveOp, ShapeError } from '../../ir/op.ts';
import type { SplitRule } from '../../ir/split-rule.ts';
import { square } from '../../math.ts';
import { affineOperands, channelsOf, checkAffine, normalisationMacs, statsType } from './affine.ts';

const attrs = {
  groups: { type: 'int' },
  over_batch: { type: 'bool', default: false },
} as const;

/**
 * The layout of statistics over [B, C, ...]: either per sample and group of channels, or per channel over the
 * batch. A plane is one channel of one sample.
 */
export function layoutOf(shape: Shape, groups: number, overBatch: boolean) {
  const [batch, channels] = shape;
  const inner = elementCount(shape.slice(2));
  const perGroup = channels / groups;
  return {
    channels,
    inner,
    planes: batch * channels,
    rows: overBatch ? channels : batch * groups,
    /** Planes of one row: how many, where the first one is, and how far apart they are. */
    setSize: overBatch ? batch : perGroup,
    setFirst: overBatch ? 1 : perGroup,
    setStride: overBatch ? channels : 1,
    /** The row that a plane belongs to. */
    row: (plane: number) => (overBatch ? plane % channels : Math.floor(plane / perGroup)),
  };
}

/** The cut of the channels into whole groups, where statistics of neighbouring channels are neighbours. */
function statisticsSplits(x: Shape, a: Attrs, rule: SplitRule): SplitRule[] {
  if (!a['over_batch'] && x[0] !== 1) return [];
  const groups = a['groups'] as number;
  return [{ ...rule, units: groups, attrs: (part, whole) => ({ groups: (groups * part) / whole }) }];
}

/** What instance, group and batch norm (in training) are made of. */
export const channelNorm: PrimitiveOp = {
  kind: 'primitive',
  name: 'channel_norm',
  doc: '(x − mean) / sqrt(variance + eps) · weight[c] + bias[c] for x [B, C, ...], with statistics per sample and group of C / groups channels, or (`over_batch`, groups = C) per channel over the batch. The second output holds mean and 1 / sqrt(variance + eps) of each set.',
  operands: affineOperands,
  attrs: { ...attrs, eps: { type: 'float', default: 1e-5 } },
  internal: true,
  splits: ([x, ...affine], _, a) => [
    ...(a['over_batch'] ? [] : [{ operands: [0, ...affine.map(() => undefined)], outputs: [0, 0] }]),
    ...statisticsSplits(x, a, { operands: [1, ...affine.map(() => 0)], outputs: [1, 0] }),
  ],
  shape: (inputs, a) => {
    const { dims } = inputs[0];
    const channels = channelsOf('channel_norm', dims);
    checkAffine('channel_norm', inputs, channels);
    const groups = Dim.of(a['groups'] as number);
    if (!channels.over(groups)) {
      throw new ShapeError(
        `${groups} groups do not divide the ${channels} channels of ${formatDims(dims)}`,
        [0],
      );
    }
    const rows = a['over_batch'] ? channels : dims[0].times(groups)!;
    return [{ dims, dtype: 'f32' }, statsType(rows)];
  },
  macs: (inputs) => normalisationMacs(inputs.length, elementCount(inputs[0])),
  gradient: ({ b, inputs, outputs, grads, attrs: { groups, over_batch } }) =>
    b.applyAll('channel_norm_backward', [grads[0]!, inputs[0], outputs[1], ...inputs.slice(1, 2)], {
      groups,
      over_batch,
    }),
  reference: ([x, weight, bias], a, [, statsShape]) => {
    const l = layoutOf(x.shape, a['groups'] as number, a['over_batch'] as boolean);
    const count = l.setSize * l.inner;
    const stats = new Float64Array(2 * l.rows);
    const each = (f: (row: number, i: number, channel: number) => void) => {
      for (let i = 0; i < x.data.length; i++) {
        const plane = Math.floor(i / l.inner);
        f(l.row(plane), i, plane % l.channels);
      }
    };
    each((row, i) => {
      stats[2 * row] += x.data[i] / count;
    });
    each((row, i) => {
      stats[2 * row + 1] += square(x.data[i] - stats[2 * row]) / count;
    });
    for (let row = 0; row < l.rows; row++) {
      stats[2 * row + 1] = 1 / Math.sqrt(stats[2 * row + 1] + (a['eps'] as number));
    }
    const y = new Float64Array(x.data.length);
    each((row, i, channel) => {
      const normal = (x.data[i] - stats[2 * row]) * stats[2 * row + 1];
      y[i] = weight ? normal * weight.data[channel] + bias.data[channel] : normal;
    });
    return [
      { shape: x.shape, data: y },
      { shape: statsShape, data: stats },
    ];
  },
  exact: [1],
  lowering: { kind: 'kernels' },
};

/** Gradients of `channel_norm`: of x, and of weight and bias where there are any. */
export const channelNormBackward: PrimitiveOp = {
  kind: 'primitive',
  name: 'channel_norm_backward',
  doc: 'Gradients of `channel_norm` with respect to x and, given a weight, to weight and bias.',
  operands: [{ name: 'dy' }, { name: 'x' }, { name: 'stats' }, { name: 'weight', optional: true }],
  attrs,
  internal: true,
  splits: ([dy, , , ...weight], _, a) => {
    const sums = weight.length > 0 ? (['sum', 'sum'] as const) : [];
    return [
      ...(a['over_batch']
        ? []
        : [{ operands: [0, 0, 0, ...weight.map(() => undefined)], outputs: [0, ...sums] }]),
      ...statisticsSplits(dy, a, {
        operands: [1, 1, 0, ...weight.map(() => 0)],
        outputs: [1, ...sums.map(() => 0)],
      }),
    ];
  },
  shape: ([, x, , weight]) => [
    { dims: x.dims, dtype: 'f32' },
    ...(weight ? [weight, weight].map(({ dims }) => ({ dims, dtype: 'f32' as const })) : []),
  ],
  reference: ([dy, x, stats, weight], a) => {
    const l = layoutOf(x.shape, a['groups'] as number, a['over_batch'] as boolean);
    const count = l.setSize * l.inner;
    const meanG = new Float64Array(l.rows);
    const meanGX = new Float64Array(l.rows);
    const dw = new Float64Array(l.channels);
    const db = new Float64Array(l.channels);
    const dx = new Float64Array(x.data.length);
    const each = (f: (i: number, row: number, normal: number, g: number, channel: number) => void) => {
      for (let i = 0; i < x.data.length; i++) {
        const plane = Math.floor(i / l.inner);
        const channel = plane % l.channels;
        const row = l.row(plane);
        const normal = (x.data[i] - stats.data[2 * row]) * stats.data[2 * row + 1];
        f(i, row, normal, dy.data[i] * (weight ? weight.data[channel] : 1), channel);
      }
    };
    each((i, row, normal, g, channel) => {
      meanG[row] += g / count;
      meanGX[row] += (g * normal) / count;
      dw[channel] += dy.data[i] * normal;
      db[channel] += dy.data[i];
    });
    each((i, row, normal, g) => {
      dx[i] = stats.data[2 * row + 1] * (g - meanG[row] - normal * meanGX[row]);
    });
    const gradient = { shape: x.shape, data: dx };
    return weight
      ? [gradient, { shape: weight.shape, data: dw }, { shape: weight.shape, data: db }]
      : [gradient];
  },
  lowering: { kind: 'kernels' },
};
