import { describe, expect, test } from 'vitest';
import { differentiate } from '../../src/autodiff/gradients.ts';
import { GraphBuilder, withDefaults } from '../../src/ir/builder.ts';
import { Dim } from '../../src/ir/dim.ts';
import { type Attrs, elementCount, type Graph, type Shape } from '../../src/ir/graph.ts';
import { ShapeError } from '../../src/ir/op.ts';
import { ops } from '../../src/ops/index.ts';
import { countedShare } from '../../src/ops/loss/composite.ts';
import { deviceName, useDevice } from '../device.ts';
import { relativeError } from './cases.ts';
import { type Feeds, runOn, runReference } from './run.ts';

const device = useDevice();

const logits = (n: number) =>
  Float64Array.from({ length: n }, (_, i) => Math.fround(3 * Math.sin(1.7 * i + (i % 13))));
const labels = (n: number, classes: number) =>
  Float64Array.from({ length: n }, (_, i) => (i * i + (i >> 3)) % classes);

function lossGraph(op: string, shape: Shape, attrs: Attrs = {}): Graph {
  const b = new GraphBuilder(ops);
  const x = b.source('input', 'x', shape);
  const target = b.source('input', 'target', [shape[0], ...shape.slice(2)], 'i32');
  const loss = b.apply(op, [x, target], attrs);
  b.output('loss', loss);
  b.output('grad', differentiate(b, new Map([[loss, b.source('input', 'seed', [])]]), [x])[0]!);
  return b.build();
}

const feedsOf = (shape: Shape): Record<string, Float64Array> => ({
  x: logits(elementCount(shape)),
  target: labels(elementCount(shape) / shape[1], shape[1]),
  seed: Float64Array.of(0.7),
});

/** Soft Dice per sample or batch straight from its definition. */
function diceByDefinition(
  feeds: Feeds,
  [samples, classes, ...space]: Shape,
  batch: boolean,
  first: number,
): number {
  const inner = elementCount(space);
  const sums = new Map<string, number[]>();
  for (let s = 0; s < samples; s++) {
    for (let k = 0; k < inner; k++) {
      const row = Array.from({ length: classes }, (_, c) =>
        Math.exp(feeds['x'][(s * classes + c) * inner + k]),
      );
      const total = row.reduce((a, v) => a + v);
      row.forEach((v, c) => {
        const y = feeds['target'][s * inner + k] === c ? 1 : 0;
        const key = batch ? `${c}` : `${c} ${s}`;
        const [overlap, all] = sums.get(key) ?? [0, 0];
        sums.set(key, [overlap + (y * v) / total, all + v / total + y]);
      });
    }
  }
  const dice = [...sums]
    .filter(([key]) => Number(key.split(' ')[0]) >= first)
    .map(([, [overlap, all]]) => (2 * overlap + 1e-5) / (all + 1e-5));
  return -dice.reduce((a, d) => a + d) / dice.length;
}

const cases: [string, Shape, Attrs][] = [
  ['cross_entropy', [3, 10], {}],
  ['cross_entropy', [2, 1000], {}],
  ['cross_entropy', [1, 2, 1], {}],
  ['cross_entropy', [2, 5, 61, 47], {}],
  ['dice_loss', [2, 5, 61, 47], {}],
  ['dice_loss', [2, 5, 61, 47], { batch: false }],
  ['dice_loss', [3, 4, 9, 7], { batch: false, background: true }],
  ['dice_loss', [2, 70, 5, 3], { background: true }],
];

describe.each(cases)('%s of %j %j', (op, shape, attrs) => {
  test(`${deviceName} equals the reference`, async () => {
    const graph = lossGraph(op, shape, attrs);
    const feeds = feedsOf(shape);
    const truth = runReference(graph, feeds);
    const got = await runOn(device(), graph, feeds);
    for (const [name, value] of truth) expect(relativeError(got.get(name)!, value), name).toBeLessThan(1e-4);
  });

  test('the gradient equals finite differences', () => {
    const graph = lossGraph(op, shape, attrs);
    const feeds = feedsOf(shape);
    const gradient = runReference(graph, feeds).get('grad')!;
    const largest = Array.from(gradient).reduce((m, g) => Math.max(m, Math.abs(g)), 0);
    const stride = Math.ceil(gradient.length / 20);
    for (let i = 0; i < gradient.length; i += stride) {
      const at = (x: number) => {
        const moved = feeds['x'].slice();
        moved[i] += x;
        return runReference(graph, { ...feeds, x: moved }).get('loss')![0];
      };
      const numeric = (0.7 * (at(1e-5) - at(-1e-5))) / 2e-5;
      // The losses are of the order 1, so rounding (1e-16) over the step leaves 1e-11.
      expect(Math.abs(numeric - gradient[i])).toBeLessThan(1e-5 * largest + 1e-10);
    }
  });
});

test.each([
  [true, false],
  [false, false],
  [false, true],
])('Dice with batch %s, background %s follows its definition', (batch, background) => {
  const shape = [2, 3, 5, 4];
  const feeds = feedsOf(shape);
  const loss = runReference(lossGraph('dice_loss', shape, { batch, background }), feeds).get('loss')![0];
  expect(loss).toBeCloseTo(diceByDefinition(feeds, shape, batch, background ? 0 : 1), 12);
});

test('logits beyond the range of exp', async () => {
  const shape = [1, 3, 4];
  const graph = lossGraph('cross_entropy', shape);
  const x = Float64Array.from({ length: 12 }, (_, i) => (i % 2 ? 500 : -500) + 10 * i);
  const feeds = { ...feedsOf(shape), x };
  const truth = runReference(graph, feeds);
  const got = await runOn(device(), graph, feeds);
  expect(Number.isFinite(truth.get('loss')![0])).toBe(true);
  for (const [name, value] of truth) expect(relativeError(got.get(name)!, value), name).toBeLessThan(1e-4);
});

test('labels that are no class read nothing beyond the logits', async () => {
  const shape = [1, 3, 40];
  for (const op of ['cross_entropy', 'dice_loss']) {
    const graph = lossGraph(op, shape);
    const feeds = feedsOf(shape);
    feeds['target'][3] = 3;
    feeds['target'][5] = -1;
    feeds['target'][7] = 2 ** 31 - 1;
    const truth = runReference(graph, feeds);
    const got = await runOn(device(), graph, feeds);
    for (const [name, value] of truth)
      expect(relativeError(got.get(name)!, value), `${op} ${name}`).toBeLessThan(1e-4);
  }
});

describe('what makes a mean over all positions one over those that count', () => {
  const share = async (positions: number, ignored: number) => {
    const b = new GraphBuilder(ops);
    const target = b.source('input', 'target', [1, positions], 'i32');
    b.output('share', countedShare(b, target, { classes: 3, regions: false }));
    const feeds = { target: labels(positions, 3).fill(-1, 0, ignored) };
    return (await runOn(device(), b.build(), feeds)).get('share')![0];
  };

  test.each([1, 97, 4099, 100_003])('is 1 to the last bit where all %i count', async (positions) => {
    expect(await share(positions, 0)).toBe(1);
  });

  test('is their share, and finite where none counts', async () => {
    expect(await share(4099, 99)).toBeCloseTo(4099 / 4000, 6);
    expect(await share(97, 96)).toBe(97);
    expect(await share(97, 97)).toBe(97);
  });
});

test('losses of the same logits share one log-sum-exp', () => {
  const b = new GraphBuilder(ops);
  const x = b.source('input', 'x', [2, 3, 4]);
  const target = b.source('input', 'target', [2, 4], 'i32');
  b.apply('cross_entropy', [x, target]);
  b.apply('dice_loss', [x, target]);
  expect(b.nodeList.filter((n) => n.op === 'log_sum_exp')).toHaveLength(1);
});

describe('nearest_labels', () => {
  const graph = (from: Shape, size: number[]) => {
    const b = new GraphBuilder(ops);
    b.output('y', b.apply('nearest_labels', [b.source('input', 'x', from, 'i32')], { size }));
    return b.build();
  };

  test('takes the pixel under the centre', () => {
    const y = runReference(graph([1, 4, 6], [2, 3]), {
      x: Float64Array.from({ length: 24 }, (_, i) => i),
    }).get('y')!;
    expect(Array.from(y)).toEqual([7, 9, 11, 19, 21, 23]);
  });

  test.each([
    [
      [2, 13, 9],
      [5, 4],
    ],
    [
      [2, 8, 8],
      [8, 8],
    ],
    [
      [1, 5, 7],
      [11, 3],
    ],
  ])(`%j to %j on ${deviceName}`, async (from, size) => {
    const feeds = { x: labels(elementCount(from), 1000) };
    const truth = runReference(graph(from, size), feeds).get('y')!;
    const got = await runOn(device(), graph(from, size), feeds);
    expect(Array.from(got.get('y')!)).toEqual(Array.from(truth));
  });
});

const lossOps = ['cross_entropy', 'dice_loss', 'focal_loss', 'tversky_loss', 'binary_cross_entropy'];

describe('shape rules', () => {
  const type = (dims: (number | Dim)[], dtype: 'f32' | 'i32' = 'f32') => ({
    dims: dims.map((d) => (typeof d === 'number' ? Dim.of(d) : d)),
    dtype,
  });

  test.each(lossOps)('%s holds for a free batch', (name) => {
    const op = ops.get(name)!;
    const attrs = withDefaults(op, {});
    expect(op.shape([type([Dim.B, 3, 8, 8]), type([Dim.B, 8, 8], 'i32')], attrs)[0].dims).toEqual([]);
    expect(() => op.shape([type([Dim.B, 3, 8, 8]), type([Dim.B, 8, 4], 'i32')], attrs)).toThrow(
      `\`${name}\` of logits [B, 3, 8, 8] needs class ids [B, 8, 8], found [B, 8, 4]`,
    );
    expect(() => op.shape([type([Dim.B, 3]), type([Dim.B])], attrs)).toThrow(ShapeError);
  });

  test.each([
    ['cross_entropy', { weights: [1, 2] }, 'needs as many numbers in `weights`, found 2'],
    ['focal_loss', { alpha: [1, 2, 3, 4] }, 'needs as many numbers in `alpha`, found 4'],
    ['dice_loss', {}, 'without background needs at least two classes', 1],
    ['tversky_loss', {}, 'without background needs at least two classes', 1],
    ['dice_loss', { sigmoid: true }, 'takes at most 30 regions, found 31', 31],
    ['tversky_loss', { sigmoid: true }, 'takes at most 30 regions, found 31', 31],
    ['binary_cross_entropy', {}, 'takes at most 30 regions, found 31', 31],
  ])('%s refuses %j', (name, attrs, message, classes = 3) => {
    const op = ops.get(name)!;
    const of = (n: number) => [type([Dim.B, n, 8]), type([Dim.B, 8], 'i32')];
    expect(() => op.shape(of(classes), withDefaults(op, attrs))).toThrow(message);
  });
});
