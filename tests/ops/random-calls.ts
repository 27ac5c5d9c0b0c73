import { Dim, type Dims } from '../../src/ir/dim.ts';
import type { Draft, Maker, Proposal, Tensor } from './random-draft.ts';

const unary: Maker = (s) => ({ operands: [s.any()] });
/** Two shapes that broadcast, in most cases. */
const binary: Maker = (s) => {
  const a = s.any();
  const dims = a.dims
    .map((d) => (s.dice.below(3) === 0 ? Dim.of(1) : d))
    .slice(s.dice.below(a.dims.length + 1));
  const same = s.pool.filter((t) => t !== a && t.dims.length === a.dims.length && s.dice.below(2) === 0);
  const b =
    same.length > 0 && s.dice.below(4) === 0
      ? s.dice.pick(same)
      : s.tensor(dims, dims.some((d) => d.batch) ? 'input' : 'param');
  return { operands: s.dice.below(2) === 0 ? [a, b] : [b, a] };
};
const norm =
  (
    rank: number | undefined,
    channelAxis: number,
    attrs?: (s: Draft, x: Tensor) => Proposal['attrs'],
  ): Maker =>
  (s) => {
    const x = rank ? s.ofRank(rank) : s.any();
    const channels = x.dims.at(channelAxis) ?? Dim.of(1);
    return { operands: [x, ...s.affine(channels)], attrs: attrs?.(s, x) };
  };
const convolution =
  (axes: 1 | 2, transposed = false): Maker =>
  (s) => {
    const x = s.ofRank(axes + 2);
    const channels = x.dims[1].size;
    const groups = transposed ? 1 : s.dice.pick([1, 1, channels]);
    const out = groups * s.dice.pick([1, 2, 3]);
    const kernel = Array.from({ length: axes }, () => s.dice.pick([1, 2, 3]));
    const weight = s.param(...(transposed ? [channels, out] : [out, channels / groups]), ...kernel);
    const bias = s.dice.below(2) === 0 ? [s.param(out)] : [];
    const many = (values: readonly number[]) => Array.from({ length: 2 }, () => s.dice.pick(values));
    return {
      operands: [x, weight, ...bias],
      attrs: {
        stride: axes === 1 ? s.dice.pick([1, 2]) : many([1, 2, 3]),
        padding: many([0, 1]),
        ...(transposed ? {} : { groups, dilation: s.dice.pick([1, 1, 2]) }),
      },
    };
  };
const pool: Maker = (s) => {
  const kernel = s.dice.pick([1, 2, 3]);
  return {
    operands: [s.ofRank(4)],
    attrs: {
      kernel_size: kernel,
      stride: s.dice.pick([1, 2]),
      padding: s.dice.below(Math.floor(kernel / 2) + 1),
    },
  };
};
const letters = 'abcdefghijklmn';
/** Any contraction: a letter is of both operands and summed or kept, or of one; in any order everywhere. */
const einsum: Maker = (s) => {
  const a = s.any();
  const names = [...letters].slice(0, a.dims.length);
  const shared = names.filter(() => s.dice.below(3) > 0);
  const summed = shared.filter(() => s.dice.below(2) === 0);
  const extra = [...letters].slice(names.length, names.length + s.dice.below(3));
  const sizes = new Map(names.map((l, i) => [l, a.dims[i]]));
  for (const l of extra) sizes.set(l, Dim.of(s.size()));
  const order = (list: string[]) => s.dice.shuffled(list.length).map((i) => list[i]);
  const inB = order([...shared, ...extra]);
  const out = order([...names, ...extra].filter((l) => !summed.includes(l)));
  const dims = inB.map((l) => sizes.get(l)!);
  const b = s.tensor(dims, dims.some((d) => d.batch) ? 'input' : 'param');
  return {
    operands: [a, b],
    attrs: { equation: `${names.join(' ')}, ${inB.join(' ')} -> ${out.join(' ')}` },
  };
};
const reduction: Maker = (s) => {
  const x = s.any();
  return { operands: [x], attrs: { axes: s.axes(x), keepdim: s.dice.below(2) === 0 } };
};
/** A shape of as many elements: axes are merged, cut in two, or left to -1. */
function reshaped(s: Draft, from: Dims): Dims {
  const dims: Dim[] = [];
  for (const d of from) {
    const last = dims.at(-1);
    const merged = s.dice.below(3) === 0 ? last?.times(d) : undefined;
    const half = s.dice.below(3) === 0 ? d.over(s.dice.pick([2, 3])) : undefined;
    if (merged) dims[dims.length - 1] = merged;
    else if (half) dims.push(half, Dim.of(d.size / half.size));
    else dims.push(d);
  }
  if (s.dice.below(4) === 0) dims.splice(s.dice.below(dims.length + 1), 0, Dim.of(1));
  if (dims.length > 0 && s.dice.below(4) === 0) dims[s.dice.below(dims.length)] = Dim.of(-1);
  return dims;
}
const windows = (s: Draft) => {
  const [height, width] = [2 * s.size(), 2 * s.size()];
  return { height, width, window: [s.dice.pick([1, 2]), s.dice.pick([1, 2])] };
};

/** How to call each op of the table that a spec can call; `undefined` where a spec has no operands for it. */
export const makers: Readonly<Record<string, Maker | undefined>> = {
  ...Object.fromEntries(
    'detach relu gelu gelu_tanh silu softplus sigmoid tanh exp'.split(' ').map((name) => [name, unary]),
  ),
  ...Object.fromEntries(['add', 'sub', 'mul', 'div'].map((name) => [name, binary])),
  leaky_relu: (s) => ({ operands: [s.any()], attrs: { slope: 0.1 } }),
  affine: (s) => ({ operands: [s.any()], attrs: { factor: 0.5, offset: s.dice.below(2) } }),
  drop_path: (s) => ({ operands: [s.any()], attrs: { rate: 0.25 } }),
  einsum,
  matmul: (s) => {
    const a = s.any();
    const dims = [...a.dims.slice(0, -2), a.dims.at(-1) ?? Dim.of(1), Dim.of(s.size())];
    return { operands: [a, s.tensor(dims, dims.some((d) => d.batch) ? 'input' : 'param')] };
  },
  linear: (s) => {
    const x = s.any();
    const out = s.size();
    const bias = s.dice.below(2) === 0 ? [s.param(out)] : [];
    return { operands: [x, s.param(out, x.dims.at(-1)?.size ?? 1), ...bias] };
  },
  conv1d: convolution(1),
  conv2d: convolution(2),
  conv_transpose2d: convolution(2, true),
  layer_norm: norm(undefined, -1),
  instance_norm: norm(4, 1),
  group_norm: norm(4, 1, (s, x) => ({ groups: s.dice.pick([1, x.dims[1].size]) })),
  batch_norm: (s) => {
    const x = s.ofRank(s.dice.pick([2, 3, 4]));
    const channels = x.dims[1].size;
    return { operands: [x, s.param(channels), s.param(channels)] };
  },
  batch_norm_train: norm(4, 1),
  selective_scan: (s) => {
    const [b, k, d, n, l] = [Dim.B, ...[2, 3, 2, 5].map((m) => Dim.of(Math.min(m, s.size())))];
    const rows = Dim.of(k.size * d.size);
    const of = (...dims: Dim[]) => s.tensor(dims, dims[0].batch ? 'input' : 'param');
    return {
      operands: [
        of(b, rows, l),
        of(b, rows, l),
        of(rows, n),
        of(b, k, n, l),
        of(b, k, n, l),
        of(rows),
        of(rows),
      ],
      attrs: { delta_softplus: s.dice.below(2) === 0 },
    };
  },
  cross_scan: (s) => ({ operands: [s.ofRank(4)] }),
  cross_merge: (s) => {
    const [height, width] = [s.size(), s.size()];
    const dims = [Dim.B, Dim.of(4), Dim.of(s.size()), Dim.of(height * width)];
    return { operands: [s.tensor(dims, 'input')], attrs: { height, width } };
  },
  reshape: (s) => {
    const x = s.any();
    return { operands: [x], sizes: reshaped(s, x.dims) };
  },
  expand: (s) => {
    const x = s.any();
    const added = Array.from({ length: s.dice.below(2) }, () => Dim.of(s.size()));
    const shape = x.dims.map((d) =>
      d.isOne() ? s.dice.pick([Dim.B, Dim.of(s.size())]) : s.dice.pick([d, Dim.of(-1)]),
    );
    return { operands: [x], sizes: [...added, ...shape] };
  },
  full: (s) => ({
    operands: [],
    attrs: { value: 0.5 },
    sizes: Array.from({ length: s.dice.below(4) }, () =>
      s.dice.pick([Dim.B, Dim.of(s.size()), Dim.of(s.size())]),
    ),
  }),
  permute: (s) => {
    const x = s.any();
    return { operands: [x], attrs: { axes: s.dice.shuffled(x.dims.length) } };
  },
  transpose: (s) => {
    const x = s.any();
    return { operands: [x], attrs: { axis0: s.axis(x), axis1: s.axis(x) } };
  },
  slice: (s) => {
    const x = s.any();
    const axis = s.axis(x);
    const size = x.dims.at(axis)?.size ?? 1;
    const start = s.dice.below(size);
    return { operands: [x], attrs: { axis, start, end: start + 1 + s.dice.below(size - start) } };
  },
  split: (s) => {
    const x = s.any();
    const axis = s.axis(x);
    const size = x.dims.at(axis)?.size ?? 1;
    const first = 1 + s.dice.below(size);
    return { operands: [x], attrs: { axis, sizes: first < size ? [first, size - first] : [size] } };
  },
  concat: (s) => {
    const x = s.any();
    const axis = s.axis(x);
    const same = s.pool.filter(
      (t) => t.dims.length === x.dims.length && t.dims.every((d, i) => d.equals(x.dims[i])),
    );
    const operands = Array.from({ length: s.dice.pick([1, 2, 3, 12]) }, () => s.dice.pick(same));
    return { operands, attrs: { axis } };
  },
  pad: (s) => {
    const x = s.any();
    const axes = s.axes(x);
    return {
      operands: [x],
      attrs: { axes, padding: axes.flatMap(() => [s.dice.below(3), s.dice.below(4) - 1]) },
    };
  },
  roll: (s) => {
    const x = s.any();
    const axes = s.axes(x);
    return { operands: [x], attrs: { axes, shifts: axes.map(() => s.dice.below(9) - 4) } };
  },
  flip: (s) => {
    const x = s.any();
    return { operands: [x], attrs: { axes: s.axes(x) } };
  },
  patch_merge: (s) => ({ operands: [s.ofRank(4)] }),
  patch_expand: (s) => {
    const dims = [Dim.B, Dim.of(s.size()), Dim.of(s.size()), Dim.of(4 * s.dice.pick([1, 2]))];
    return { operands: [s.tensor(dims, 'input')] };
  },
  sum: reduction,
  mean: reduction,
  max_pool2d: pool,
  avg_pool2d: pool,
  interpolate: (s) => ({
    operands: [s.ofRank(4)],
    attrs: { size: [s.size(), s.size()], mode: s.dice.pick(['nearest', 'bilinear']) },
  }),
  upsample: (s) => ({
    operands: [s.ofRank(4)],
    attrs: { factor: 2, mode: 'bilinear', align_corners: s.dice.below(2) === 0 },
  }),
  softmax: (s) => {
    const x = s.any();
    return { operands: [x], attrs: { axis: s.axis(x) } };
  },
  relative_position_bias: (s) => {
    const { window } = windows(s);
    const rows = (2 * window[0] - 1) * (2 * window[1] - 1);
    return { operands: [s.param(rows, s.size())], attrs: { window } };
  },
  window_mask: (s) => {
    const { height, width, window } = windows(s);
    return { operands: [], attrs: { height, width, window, shift: window.map((w) => s.dice.below(w)) } };
  },
  window_partition: (s) => {
    const { height, width, window } = windows(s);
    const dims = [Dim.B, Dim.of(height), Dim.of(width), Dim.of(s.size())];
    return { operands: [s.tensor(dims, 'input')], attrs: { window } };
  },
  window_reverse: (s) => {
    const { height, width, window } = windows(s);
    const tokens = window[0] * window[1];
    const dims = [Dim.B, Dim.of((height * width) / tokens), Dim.of(tokens), Dim.of(s.size())];
    return { operands: [s.tensor(dims, 'input')], attrs: { window, height, width } };
  },
  window_attention: (s) => {
    const dim = 4;
    const x = s.tensor([Dim.B, Dim.of(4), Dim.of(6), Dim.of(dim)], 'input');
    const operands = [x, s.param(3 * dim, dim), s.param(dim, dim), s.param(9, 2)];
    return { operands, attrs: { heads: 2, window: 2, shift: s.dice.below(2) } };
  },
  // Their labels are whole numbers, and a spec has no such tensor.
  cross_entropy: undefined,
  dice_loss: undefined,
  focal_loss: undefined,
  tversky_loss: undefined,
  binary_cross_entropy: undefined,
};
