import { Dim, type Dims } from '../../src/ir/dim.ts';
import { type Attr, elementCount } from '../../src/ir/graph.ts';
import type { TensorType } from '../../src/ir/op.ts';
import { ops } from '../../src/ops/index.ts';

/** Elements a sample that a tensor of a random spec may have: the float64 loops stay short. */
const MOST_ELEMENTS = 4000;

interface Tensor {
  readonly name: string;
  readonly dims: Dims;
  used: boolean;
}

/** A call that a maker proposes; whether it is legal, the op's shape rule says. */
interface Proposal {
  readonly operands: readonly Tensor[];
  readonly attrs?: Readonly<Record<string, Attr>>;
  /** The attribute `shape`, where it may hold the batch. */
  readonly sizes?: Dims;
}

type Maker = (s: Draft) => Proposal;

/** Random numbers from one seed (mulberry32). */
class Dice {
  private state: number;
  constructor(seed: number) {
    this.state = seed;
  }
  /** Whole, from 0 up to but without `n`. */
  below(n: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
  shuffled(n: number): number[] {
    const order = [...new Array(n).keys()];
    for (let i = n - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}

/** A spec that grows call by call. */
class Draft {
  dice = new Dice(0);
  readonly lines: string[] = [];
  readonly declared: string[] = [];
  readonly pool: Tensor[] = [];
  readonly called = new Set<string>();
  private names = 0;

  size(): number {
    return this.dice.pick([1, 2, 2, 3, 3, 4, 5, 7]);
  }

  tensor(dims: Dims, kind: 'input' | 'param'): Tensor {
    const name = `${kind === 'input' ? 'x' : 'p'}${this.names++}`;
    const init = kind === 'input' ? '' : ' = normal(std: 0.5)';
    this.declared.push(`${kind} ${name}: [${dims.map(sizeText).join(', ')}]${init}`);
    const tensor = { name, dims, used: false };
    this.pool.push(tensor);
    return tensor;
  }

  param(...sizes: number[]): Tensor {
    return this.tensor(
      sizes.map((n) => Dim.of(n)),
      'param',
    );
  }

  any(): Tensor {
    const recent = this.dice.below(3) > 0 ? this.pool.slice(-4) : this.pool;
    return recent.length > 0 ? this.dice.pick(recent) : this.batched(this.dice.below(7));
  }

  /** One of `rank` axes, a new one where there is none. */
  ofRank(rank: number): Tensor {
    const fitting = this.pool.filter((t) => t.dims.length === rank);
    return fitting.length > 0 && this.dice.below(4) > 0 ? this.dice.pick(fitting) : this.batched(rank - 1);
  }

  /** [B, …] with so many axes behind the batch. */
  batched(axes: number): Tensor {
    const dims = [Dim.B, ...Array.from({ length: axes }, () => Dim.of(this.size()))];
    return this.tensor(dims, 'input');
  }

  axis(t: Tensor): number {
    const rank = Math.max(1, t.dims.length);
    return this.dice.below(2 * rank) - rank;
  }

  axes(t: Tensor): number[] {
    const order = this.dice.shuffled(t.dims.length);
    return order.slice(0, this.dice.below(order.length + 1));
  }

  /** Weight of a norm and, or not, its bias. */
  affine(channels: Dim): Tensor[] {
    const given = this.dice.below(3);
    return Array.from({ length: given }, () => this.param(channels.size));
  }

  /** The call as a line of the spec; whether its op allows it. */
  call(name: string, { operands, attrs = {}, sizes }: Proposal): boolean {
    const op = ops.get(name)!;
    const types: TensorType[] = operands.map(({ dims }) => ({ dims, dtype: 'f32' }));
    const full: Record<string, Attr> = {};
    for (const [key, spec] of Object.entries(op.attrs)) {
      const value = key === 'shape' && sizes ? sizes.map((d) => d.at(1)) : (attrs[key] ?? spec.default!);
      full[key] =
        spec.repeat && typeof value === 'number' ? new Array<number>(spec.repeat).fill(value) : value;
    }
    let outputs: readonly TensorType[];
    let fits = true;
    try {
      outputs = op.shape(types, full, sizes);
    } catch {
      outputs = [];
      fits = false;
    }
    const tooLarge = outputs.some(({ dims }) => elementCount(dims.map((d) => d.at(1))) > MOST_ELEMENTS);
    // Most of what cannot be is left out; some stays in, for the checker to find.
    if ((!fits && this.dice.below(40) > 0) || tooLarge) return false;
    const given = Object.keys(op.attrs).flatMap((key) => {
      if (key === 'shape' && sizes) return [`shape: [${sizes.map(sizeText).join(', ')}]`];
      return attrs[key] === undefined ? [] : [`${key}: ${valueText(attrs[key])}`];
    });
    const text = `${name}(${[...operands.map((t) => t.name), ...given].join(', ')})`;
    const results = (fits ? outputs : [{ dims: [] }]).map(({ dims }) => ({
      name: `t${this.names++}`,
      dims,
      used: false,
    }));
    const targets = results.map((t) => t.name).join(', ');
    this.lines.push(`${results.length > 1 ? `(${targets})` : targets} = ${text}`);
    if (name === 'split' && results.length === 1) this.lines.push(`${targets} = ${targets}[0]`);
    for (const t of operands) t.used = true;
    this.pool.push(...results);
    this.called.add(name);
    return true;
  }
}

const sizeText = (d: Dim): string => (d.batch ? (d.size === 1 ? 'B' : `${d.size} * B`) : String(d.size));

function valueText(value: Attr): string {
  if (typeof value === 'object') return `[${value.join(', ')}]`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

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
};

export interface RandomSpec {
  readonly text: string;
  readonly called: ReadonlySet<string>;
}

/**
 * A model of random calls, one for each seed, whose every result reaches the output, with a train section. Most
 * are legal.
 */
export function randomSpec(seeds: readonly number[]): RandomSpec {
  const s = new Draft();
  const callable = Object.entries(makers).filter((e): e is [string, Maker] => e[1] !== undefined);
  for (const seed of seeds) {
    s.dice = new Dice(seed);
    for (let attempt = 0; attempt < 20; attempt++) {
      const [name, make] = s.dice.pick(callable);
      if (s.call(name, make(s))) break;
    }
  }
  const first = s.batched(0);
  const ends = s.pool.filter((t) => !t.used && t !== first);
  s.lines.push(`y = reshape(${first.name}, [B, 1])`);
  for (const { name, dims } of ends) {
    const total = dims.length === 0 ? name : `sum(${name}, axes: [${[...dims.keys()].join(', ')}])`;
    s.lines.push(`y = y + expand(reshape(${total}, [1, 1]), [B, 1])`);
  }
  const text = `model Random() {
  ${s.declared.join('\n  ')}
  param scale: [2] = ones
  forward {
    ${s.lines.join('\n    ')}
    z = y * scale
  }
  output out: [B, 2] = z
}
train Plain for Random {
  loss = cross_entropy
  optimizer = sgd(lr: 0.1)
  batch = 2
  steps = 1
}
`;
  return { text, called: s.called };
}
