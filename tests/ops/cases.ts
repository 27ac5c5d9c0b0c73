import { readFileSync } from 'node:fs';
import { differentiate } from '../../src/autodiff/gradients.ts';
import { GraphBuilder } from '../../src/ir/builder.ts';
import type { Attrs, DType, Graph, ValueId } from '../../src/ir/graph.ts';
import { ops } from '../../src/ops/index.ts';
import { readSafetensors } from '../../src/tensors/safetensors.ts';

type Inputs = Record<string, ValueId>;
type Build = (b: GraphBuilder, x: Inputs, attrs: Record<string, Attrs[string]>) => ValueId;

/** An op on its operands in order, attributes as they stand. */
const plain =
  (op: string, ...operands: string[]): Build =>
  (b, x, attrs) =>
    b.apply(
      op,
      operands.map((name) => x[name]),
      attrs,
    );

const activation =
  (op: string): Build =>
  (b, x) =>
    b.apply(op, [x['x']]);

/** How the fixtures' cases (the part of the name before the dot) are said with our ops. */
const builds: Record<string, Build> = {
  conv2d: plain('conv2d', 'x', 'weight', 'bias'),
  conv_transpose2d: plain('conv_transpose2d', 'x', 'weight', 'bias'),
  conv1d: (b, x, a) =>
    b.apply('conv1d', [x['x'], x['weight'], x['bias']], {
      groups: a['groups'],
      padding: [a['pad_left'] as number, 0],
    }),
  linear: plain('linear', 'x', 'weight', 'bias'),
  matmul: plain('matmul', 'a', 'b'),
  einsum: plain('einsum', 'x', 'weight'),
  layer_norm: plain('layer_norm', 'x', 'weight', 'bias'),
  instance_norm: (b, x, a) =>
    b.apply('instance_norm', x['weight'] === undefined ? [x['x']] : [x['x'], x['weight'], x['bias']], a),
  group_norm: plain('group_norm', 'x', 'weight', 'bias'),
  batch_norm: (b, x, { training, eps }) =>
    b.apply(
      'batch_norm',
      [x['x'], x['weight'], x['bias'], ...(training ? [] : [x['running_mean'], x['running_var']])],
      { eps },
    ),
  leaky_relu: activation('leaky_relu'),
  relu: activation('relu'),
  gelu: activation('gelu'),
  gelu_tanh: activation('gelu_tanh'),
  silu: activation('silu'),
  softplus: activation('softplus'),
  sigmoid: activation('sigmoid'),
  tanh: activation('tanh'),
  exp: activation('exp'),
  softmax: (b, x, a) => b.apply('softmax', [x['x']], { axis: a['dim'] }),
  selective_scan: (b, x, a) =>
    b.apply(
      'selective_scan',
      ['u', 'delta', 'A_log', 'B', 'C', 'D', 'delta_bias'].map((n) => x[n]),
      { delta_softplus: a['delta_softplus'] },
    ),
  cross_scan: (b, x) => b.apply('cross_scan', [x['x']]),
  cross_merge: (b, x, a) => b.apply('cross_merge', [x['y']], { height: a['h'], width: a['w'] }),
  patch_merge: plain('patch_merge', 'x'),
  patch_expand: (b, x, a) => b.apply('patch_expand', [x['x']], { factor: a['p'] }),
  interpolate: (b, x, a) =>
    b.apply('interpolate', [x['x']], {
      size: a['size'],
      mode: a['mode'],
      align_corners: a['align_corners'] ?? false,
    }),
  max_pool2d: (b, x, a) => b.apply('max_pool2d', [x['x']], { kernel_size: a['kernel'], stride: a['stride'] }),
  avg_pool2d: (b, x, { kernel, ...a }) => b.apply('avg_pool2d', [x['x']], { ...a, kernel_size: kernel }),
  cross_entropy: (b, x, { dim: _dim, ...a }) => b.apply('cross_entropy', [x['x'], x['target']], a),
  dice_loss: plain('dice_loss', 'x', 'target'),
  focal_loss: plain('focal_loss', 'x', 'target'),
  tversky_loss: plain('tversky_loss', 'x', 'target'),
  binary_cross_entropy: plain('binary_cross_entropy', 'x', 'target'),
  dice_ce: (b, x, a) =>
    b.add(
      b.apply('cross_entropy', [x['x'], x['target']]),
      b.apply('dice_loss', [x['x'], x['target']], {
        batch: a['batch_dice'],
        background: a['include_background'],
        smooth: a['smooth'],
      }),
    ),
  window_attention: plain('window_attention', 'x', 'qkv', 'proj', 'table'),
};

export interface OpCase {
  readonly name: string;
  readonly graph: Graph;
  /** Sources by name: operands and `cot`. */
  readonly feeds: ReadonlyMap<string, { value: ValueId; data: ArrayLike<number> }>;
  /** Expected results by output name (`out`, `grad.x`, …). */
  readonly expected: ReadonlyMap<string, ArrayLike<number>>;
}

interface Described {
  readonly attrs: Record<string, Attrs[string] | null>;
  readonly inputs?: Record<string, number[]>;
  readonly out?: number[];
}

const folders = ['ops', 'losses'].map((name) => ({
  name,
  folder: new URL(`../fixtures/${name}/`, import.meta.url),
}));
const described: Record<string, Described> = Object.assign(
  {},
  ...folders.map(({ name, folder }) => JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'))),
);
const tensors = new Map(
  folders.flatMap(({ name, folder }) => [
    ...readSafetensors(new URL(`${name}.safetensors`, folder).pathname).tensors,
  ]),
);

export const caseNames: readonly string[] = Object.keys(described).filter(
  (name) => !name.startsWith('optim.'),
);

/** The first of each op. */
export const firstCases: readonly string[] = caseNames.filter(
  (name, i) => caseNames.findIndex((other) => opOf(other) === opOf(name)) === i,
);

function opOf(name: string): string {
  return name.split('.')[0];
}

/** Forward and gradients of one fixture as a graph: outputs `out` and `grad.<operand>`. */
export function opCase(name: string): OpCase {
  const { attrs, inputs = {} } = described[name];
  const b = new GraphBuilder(ops);
  const feeds = new Map<string, { value: ValueId; data: ArrayLike<number> }>();
  const operands: Inputs = {};
  for (const operand of Object.keys(inputs)) {
    const t = tensors.get(`${name}/in.${operand}`)!;
    const dtype: DType = t.dtype === 'I32' ? 'i32' : 'f32';
    operands[operand] = b.source('input', operand, t.shape, dtype);
    feeds.set(operand, { value: operands[operand], data: t.data as unknown as ArrayLike<number> });
  }
  const { note: _note, order: _order, ...used } = attrs;
  const out = builds[name.split('.')[0]](b, operands, used as Record<string, Attrs[string]>);
  const cot = b.source('input', 'cot', b.shape(out));
  feeds.set('cot', { value: cot, data: tensors.get(`${name}/cot`)!.data as unknown as ArrayLike<number> });
  const expected = new Map<string, ArrayLike<number>>();
  expected.set('out', tensors.get(`${name}/out`)!.data as unknown as ArrayLike<number>);
  b.output('out', out);
  const wrt = Object.keys(inputs).filter((n) => tensors.has(`${name}/grad.${n}`));
  const grads = differentiate(
    b,
    new Map([[out, cot]]),
    wrt.map((n) => operands[n]),
  );
  wrt.forEach((n, i) => {
    const g = grads[i];
    if (g === undefined) throw new Error(`${name}: no gradient reaches ${n}`);
    b.output(`grad.${n}`, g);
    expected.set(`grad.${n}`, tensors.get(`${name}/grad.${n}`)!.data as unknown as ArrayLike<number>);
  });
  return { name, graph: b.build(), feeds, expected };
}

/** Largest absolute difference over the largest expected absolute value. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const d = Math.abs(actual[i] - expected[i]);
    difference = Number.isNaN(d) ? Number.POSITIVE_INFINITY : Math.max(difference, d);
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return difference / Math.max(largest, 1e-30);
}
