import { describe, expect, test } from 'vitest';
import { differentiate } from '../../src/autodiff/gradients.ts';
import { GraphBuilder } from '../../src/ir/builder.ts';
import { Dim } from '../../src/ir/dim.ts';
import type { Attrs, Shape } from '../../src/ir/graph.ts';
import { ops } from '../../src/ops/index.ts';
import { deviceName, useDevice } from '../device.ts';
import { relativeError } from './cases.ts';
import { deviceError, gradientError, probe } from './check.ts';
import { openSession, runOn, runReference } from './run.ts';

/** Elements of a gradient that are looked at. */
const SAMPLES = process.env['ARCHC_FULL'] === '1' ? 12 : 4;

const device = useDevice();

/** Sizes beyond the fixtures': long rows that a workgroup shares, many rows, planes cut in chunks, odd everything. */
const cases: [string, Shape[], Attrs][] = [
  ['layer_norm', [[3, 1], [1], [1]], {}],
  ['layer_norm', [[401, 33]], {}],
  ['layer_norm', [[401, 33], [33], [33]], {}],
  ['layer_norm', [[5, 1537], [1537], [1537]], {}],
  ['layer_norm', [[2, 17001], [17001], [17001]], {}],
  ['instance_norm', [[2, 300, 3, 3], [300], [300]], {}],
  ['instance_norm', [[1, 3, 37, 41]], {}],
  ['instance_norm', [[2, 3, 131, 127], [3], [3]], {}],
  ['group_norm', [[2, 6, 37, 41], [6], [6]], { groups: 3 }],
  ['group_norm', [[3, 6, 5, 7]], { groups: 2 }],
  ['group_norm', [[2, 6, 7], [6], [6]], { groups: 1 }],
  ['batch_norm', [[5, 7, 23, 31], [7], [7]], {}],
  ['batch_norm_train', [[5, 7, 23, 31], [7], [7]], {}],
  ['batch_norm_train', [[3, 70, 5]], { eps: 0.1 }],
  ['softmax', [[3, 1025]], {}],
  ['softmax', [[3, 7, 5]], { axis: 0 }],
  ['softmax', [[2, 6, 7, 5]], { axis: -3 }],
  ['sum', [[1000, 3, 5]], { axes: [0] }],
  ['sum', [[9, 70000]], { axes: [1] }],
  ['sum', [[3, 7, 5000]], { axes: [0, 2], keepdim: true }],
  ['sum', [[3, 5, 7, 11, 13]], { axes: [1, 3] }],
  // More runs of axes, reduced and kept, than the kernel walks.
  ['sum', [[2, 3, 2, 3, 2, 3, 2, 3]], { axes: [0, 2, 4, 6] }],
  ['mean', [[2, 2, 2, 3, 2, 2, 2, 3, 2]], { axes: [1, 3, 5, 7], keepdim: true }],
  ['sum', [[300001]], { axes: [0] }],
  ['mean', [[4, 9, 65]], { axes: [-1, 0] }],
];

describe.each(cases)('%s of %j %j', (name, shapes, attrs) => {
  const make = () => probe(shapes, (b, inputs) => [b.apply(name, inputs, attrs)]);

  test(`${deviceName} equals the reference`, async () => {
    expect(await deviceError(device(), make())).toBeLessThan(1e-4);
  });

  test('gradients equal finite differences', () => {
    expect(gradientError(make(), SAMPLES)).toBeLessThan(1e-5);
  });
});

test.each([
  ['layer_norm', [4, 4099]],
  ['layer_norm', [40, 99]],
  ['instance_norm', [1, 3, 160, 161]],
])('%s of %j is exact far from 0', async (name, shape) => {
  const b = new GraphBuilder(ops);
  const x = b.source('input', 'x', shape);
  b.output('y', b.apply(name, [x]));
  const graph = b.build();
  // Mean 1000, deviation 1: the square of the mean is 1e6 times the variance. One row starts with an outlier.
  const count = shape.reduce((n, d) => n * d);
  const data = Float64Array.from({ length: count }, (_, i) => Math.fround(1000 + 1.4 * Math.sin(i * i)));
  data[0] = 0;
  const truth = runReference(graph, { x: data });
  const got = await runOn(device(), graph, { x: data });
  // float32 holds the mean to 6e-5, which is that much of a deviation; the outlier stands out by more than 10.
  const rows = (v: ArrayLike<number>) => Array.from(v).slice(count / 2);
  expect(relativeError(rows(got.get('y')!), rows(truth.get('y')!))).toBeLessThan(2e-4);
  expect(relativeError(got.get('y')!, truth.get('y')!)).toBeLessThan(1e-4);
});

test('more workgroups than a dimension has', async () => {
  const shape = [4_200_000, 2];
  const b = new GraphBuilder(ops);
  const x = b.source('input', 'x', shape);
  b.output('y', b.apply('layer_norm', [x]));
  const graph = b.build();
  const session = await openSession(device(), graph);
  expect(session.program.entries['forward'].dispatches[0].workgroups[1]).toBeGreaterThan(1);
  const data = Float32Array.from({ length: 2 * shape[0] }, (_, i) => (i % 2 ? 3 : 1) * (1 + (i % 5)));
  session.write('input', 'x', data);
  session.run('forward');
  const y = (await session.readOutputs('forward', ['y'])).get('y')!;
  session.destroy();
  // A row of two different elements becomes (-1, 1) or (1, -1), up to eps.
  let wrong = 0;
  for (let i = 0; i < y.length; i += 2) {
    const sign = Math.sign(data[i + 1] - data[i]);
    if (Math.abs(y[i + 1] - sign) > 1e-3 || Math.abs(y[i] + sign) > 1e-3) wrong++;
  }
  expect(wrong).toBe(0);
});

test('batch_norm_train gives mean and unbiased variance of each channel, far from 0 too', async () => {
  const shape = [4, 3, 5, 7];
  const b = new GraphBuilder(ops);
  const x = b.source('input', 'x', shape);
  b.applyAll('batch_norm_train', [x]).forEach((v, i) => {
    b.output(`y${i}`, v);
  });
  const graph = b.build();
  const channel = (i: number) => Math.floor(i / 35) % 3;
  // Channel 1 is constant, channel 2 has mean 100 and deviation 1.
  const data = Float64Array.from({ length: 420 }, (_, i) =>
    Math.fround([3 * Math.sin(i * i), 0.5, 100 + 1.4 * Math.cos(i * i)][channel(i)]),
  );
  const values = [0, 1, 2].map((c) => [...data].filter((_, i) => channel(i) === c));
  const means = values.map((v) => v.reduce((a, e) => a + e, 0) / v.length);
  const variances = values.map((v, c) => v.reduce((a, e) => a + (e - means[c]) ** 2, 0) / (v.length - 1));
  for (const [results, tolerance] of [
    [runReference(graph, { x: data }), 1e-9],
    [await runOn(device(), graph, { x: data }), 1e-4],
  ] as const) {
    expect(relativeError(results.get('y1')!, means)).toBeLessThan(tolerance);
    expect(relativeError(results.get('y2')!, variances)).toBeLessThan(tolerance);
    expect(results.get('y2')![1]).toBeGreaterThanOrEqual(0);
    expect(results.get('y2')![1]).toBeLessThan(1e-9);
  }
});

describe('drop_path', () => {
  const graph = (sites: number, rate: number) => {
    const b = new GraphBuilder(ops);
    const x = b.source('input', 'x', [500, 1]);
    for (let i = 0; i < sites; i++) b.output(`y${i}`, b.apply('drop_path', [x], { rate }));
    return b.build();
  };
  const feeds = (...rng: [number, number]) => ({ x: new Float64Array(500).fill(1), rng });

  test('drops the same samples on both backends, others at another place or run', async () => {
    const truth = runReference(graph(2, 0.25), feeds(-7, 2 ** 31 - 1));
    const got = await runOn(device(), graph(2, 0.25), feeds(-7, 2 ** 31 - 1));
    for (const [name, value] of truth) expect(relativeError(got.get(name)!, value)).toBeLessThan(1e-6);
    expect(Array.from(truth.get('y0')!)).not.toEqual(Array.from(truth.get('y1')!));
    for (const key of [feeds(8, 2 ** 31 - 1), feeds(-7, 8)]) {
      const other = runReference(graph(1, 0.25), key);
      expect(Array.from(truth.get('y0')!)).not.toEqual(Array.from(other.get('y0')!));
    }
  });

  test('keeps 1 - rate of the samples, scaled to the same mean', () => {
    let kept = 0;
    for (let rng = 0; rng < 20; rng++) {
      const y = runReference(graph(1, 0.25), feeds(rng, -rng)).get('y0')!;
      for (const v of Array.from(y)) {
        if (v === 0) continue;
        kept++;
        expect(v).toBeCloseTo(4 / 3, 12);
      }
    }
    // 10,000 decisions: the standard deviation of the share is 0.0043.
    expect(kept / 10_000).toBeGreaterThan(0.75 - 0.0175);
    expect(kept / 10_000).toBeLessThan(0.75 + 0.0175);
  });

  test('rate 0 adds nothing to the graph', () => {
    expect(graph(1, 0).nodes).toHaveLength(0);
  });

  test('the gradient passes the same mask', () => {
    const b = new GraphBuilder(ops);
    const x = b.source('input', 'x', [50, 2]);
    const y = b.apply('drop_path', [x], { rate: 0.5 });
    const seed = b.source('input', 'seed', [50, 2]);
    b.output('y', y);
    b.output('grad', differentiate(b, new Map([[y, seed]]), [x])[0]!);
    const ones = new Float64Array(100).fill(1);
    const out = runReference(b.build(), { x: ones, seed: ones, rng: [3, 4] });
    expect(new Set(Array.from(out.get('y')!))).toEqual(new Set([0, 2]));
    expect(Array.from(out.get('grad')!)).toEqual(Array.from(out.get('y')!));
  });
});

describe('shape rules', () => {
  const type = (...dims: (number | Dim)[]) => ({
    dims: dims.map((d) => (typeof d === 'number' ? Dim.of(d) : d)),
    dtype: 'f32' as const,
  });
  const rule = (name: string, inputs: ReturnType<typeof type>[], attrs: Attrs) =>
    ops.get(name)!.shape(inputs, attrs)[0];
  const image = type(Dim.B, 6, 8, 8);

  test('hold for a free batch', () => {
    expect(rule('layer_norm', [type(Dim.B, 7, 12), type(12), type(12)], {}).dims).toEqual(
      type(Dim.B, 7, 12).dims,
    );
    expect(rule('instance_norm', [image], {}).dims).toEqual(image.dims);
    expect(rule('group_norm', [image, type(6), type(6)], { groups: 3 }).dims).toEqual(image.dims);
    expect(rule('batch_norm', [image, type(6), type(6)], {}).dims).toEqual(image.dims);
    expect(
      ops
        .get('batch_norm_train')!
        .shape([image], {})
        .map((t) => t.dims),
    ).toEqual([image.dims, ...[type(6).dims, type(6).dims]]);
    expect(rule('softmax', [image], { axis: 1 }).dims).toEqual(image.dims);
    expect(rule('mean', [image], { axes: [2, 3], keepdim: false }).dims).toEqual(type(Dim.B, 6).dims);
    expect(rule('drop_path', [image], { rate: 0.1 }).dims).toEqual(image.dims);
  });

  test.each([
    ['layer_norm', [type(Dim.B, 12), type(6), type(12)], {}, 'needs a weight [12], found [6]'],
    ['layer_norm', [type(Dim.B, 12), type(12)], {}, 'has a weight but no bias'],
    ['instance_norm', [type(Dim.B, 12)], {}, 'needs [B, C, ...]'],
    ['group_norm', [image], { groups: 4 }, '4 groups do not divide 6 channels'],
    ['batch_norm', [image, type(6), type(6), type(6)], {}, 'no running variance'],
    ['batch_norm', [image, type(6), type(6), type(5), type(6)], {}, 'running statistics [6], found [5]'],
    ['softmax', [image], { axis: 4 }, 'over axis 4 of [B, 6, 8, 8], which has 4 axes'],
    ['drop_path', [image], { rate: 1 }, 'rate 1'],
  ])('%s refuses (case %#)', (name, inputs, attrs, message) => {
    expect(() => rule(name, inputs, attrs as Attrs)).toThrow(message);
  });
});
