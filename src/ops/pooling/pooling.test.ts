import { describe, expect, test } from 'vitest';
import { deviceName, useDevice } from '../../../tests/device.ts';
import { deviceError, gradientError, outputOf, type Probe, probe } from '../../../tests/ops/check.ts';
import { Dim, type Dims, dimsOf, formatDims } from '../../ir/dim.ts';
import type { Attrs } from '../../ir/graph.ts';
import { ShapeError } from '../../ir/op.ts';
import { interpret } from '../../reference/interpret.ts';
import { ops } from '../index.ts';

const device = useDevice();

const one = (op: string, shape: number[], attrs: Attrs) =>
  probe([shape], (b, [x]) => [b.apply(op, [x], attrs)]);

const bilinear = (shape: number[], size: number[], align_corners = false) =>
  one('interpolate', shape, { size, mode: 'bilinear', align_corners });
const nearest = (shape: number[], size: number[]) => one('interpolate', shape, { size });

const probes: Record<string, () => Probe> = {
  'max_pool2d with overlap and padding': () =>
    one('max_pool2d', [2, 3, 9, 8], { kernel_size: 3, stride: 2, padding: 1 }),
  'max_pool2d with gaps': () => one('max_pool2d', [1, 2, 9, 11], { kernel_size: [1, 2], stride: [3, 4] }),
  'max_pool2d with its kernel as stride': () => one('max_pool2d', [1, 2, 7, 9], { kernel_size: [2, 3] }),
  'max_pool2d with stride 1': () =>
    one('max_pool2d', [1, 1, 6, 6], { kernel_size: 3, stride: 1, padding: 1 }),
  avg_pool2d: () => one('avg_pool2d', [2, 2, 7, 9], { kernel_size: [3, 2], stride: [2, 1], padding: 1 }),
  'avg_pool2d that leaves padding out': () =>
    one('avg_pool2d', [2, 2, 7, 9], { kernel_size: 3, stride: 2, padding: 1, count_include_pad: false }),
  'bilinear upsampling by 2': () => one('upsample', [2, 3, 4, 5], { factor: 2, mode: 'bilinear' }),
  'bilinear by odd ratios': () => bilinear([1, 2, 5, 7], [8, 9]),
  'bilinear, smaller': () => bilinear([1, 2, 9, 13], [4, 5]),
  'bilinear to one pixel': () => bilinear([1, 2, 9, 4], [1, 1]),
  'bilinear of one pixel': () => bilinear([1, 2, 1, 1], [3, 4]),
  'bilinear with aligned corners': () => bilinear([1, 2, 5, 7], [8, 3], true),
  'bilinear with aligned corners to and of one pixel': () => bilinear([1, 2, 1, 7], [8, 1], true),
  'nearest by odd ratios': () => nearest([1, 2, 5, 7], [8, 9]),
  'nearest, smaller': () => nearest([1, 2, 9, 13], [4, 5]),
  'nearest upsampling by 3': () => one('upsample', [1, 2, 3, 2], { factor: 3 }),
};

describe.each(Object.entries(probes))('%s', (_, make) => {
  test('the gradient equals finite differences', () => {
    expect(gradientError(make())).toBeLessThan(1e-6);
  });
  test(`${deviceName} equals the reference`, async () => {
    expect(await deviceError(device(), make())).toBeLessThan(1e-6);
  });
});

test.each(['max_pool2d with overlap and padding', 'bilinear upsampling by 2'])(
  '%s in more workgroups than a dimension takes',
  async (name) => {
    const p = probes[name]();
    expect(await deviceError(device(), p, { maxComputeWorkgroupsPerDimension: 2 })).toBeLessThan(1e-6);
  },
);

test("max_pool2d's gradient goes to the first of equal elements", async () => {
  // x·0 makes all elements of a window equal.
  const p = probe(
    [[1, 1, 4, 4]],
    (b, [x]) => [x, b.apply('max_pool2d', [b.affine(x, 0, 1)], { kernel_size: 2 })],
    [0],
  );
  const cot = p.feeds.get(p.graph.sources.find((s) => s.name === 'cot1')!.value)!;
  const pooled = p.graph.nodes.find((n) => n.op === 'max_pool2d_backward')!;
  const graph = { ...p.graph, outputs: [{ name: 'g', value: pooled.outputs[0] }] };
  const results = interpret(graph, ops, p.feeds);
  const expected = new Array(16).fill(0);
  [0, 2, 8, 10].forEach((at, k) => {
    expected[at] = cot.data[k];
  });
  expect(Array.from(results.get(pooled.outputs[0])!.data)).toEqual(expected);
  expect(await deviceError(device(), { ...p, graph, results })).toBe(0);
});

test('known values', () => {
  const values = (op: string, attrs: Attrs) => {
    const p = one(op, [1, 1, 2, 2], attrs);
    const x = p.feeds.get(p.graph.sources[0].value)!.data;
    return { x, y: outputOf(p, 'y0').data };
  };
  const mean = values('avg_pool2d', { kernel_size: 2 });
  expect(mean.y[0]).toBeCloseTo(mean.x.reduce((a, v) => a + v) / 4, 12);
  expect(values('max_pool2d', { kernel_size: 2 }).y[0]).toBe(
    Math.max(...values('max_pool2d', { kernel_size: 2 }).x),
  );
  const up = values('upsample', { factor: 2, mode: 'bilinear' });
  // Pixel (0, 1) lies a quarter of the way from the first to the second.
  expect(up.y[1]).toBeCloseTo(0.75 * up.x[0] + 0.25 * up.x[1], 12);
});

describe('shape rules', () => {
  const shape = (op: string, attrs: Attrs, dims: Dims) =>
    formatDims(ops.get(op)!.shape([{ dims, dtype: 'f32' }], attrs)[0].dims);
  const image = [
    Dim.B,
    Dim.of(6),
    Dim.of(20, { name: 'H', size: 320 }),
    Dim.of(40, { name: 'W', size: 320 }),
  ];

  test('the batch stays free', () => {
    expect(shape('max_pool2d', { kernel_size: [2, 2], stride: [0, 0], padding: [0, 0] }, image)).toBe(
      '[B, 6, H/32, W/16]',
    );
    expect(shape('upsample', { factor: 4, mode: 'nearest', align_corners: false }, image)).toBe(
      '[B, 6, H/4, W/2]',
    );
    expect(shape('interpolate', { size: [320, 80], mode: 'bilinear', align_corners: false }, image)).toBe(
      '[B, 6, H, W/4]',
    );
  });

  const pool = { kernel_size: [2, 2], stride: [2, 2], padding: [0, 0] };
  test.each<[string, Attrs, number[], RegExp]>([
    ['max_pool2d', pool, [2, 3, 4], /needs \[B, C, H, W\], found \[2, 3, 4\]/],
    ['max_pool2d', pool, [2, 3, 1, 4], /does not fit into \[2, 3, 1, 4\]/],
    ['avg_pool2d', { ...pool, padding: [0, 2] }, [2, 3, 4, 4], /more than half of its kernel/],
    ['avg_pool2d', { ...pool, kernel_size: [0, 2] }, [2, 3, 4, 4], /kernel_size <0, 2>/],
    ['interpolate', { size: [0, 4], mode: 'nearest', align_corners: false }, [1, 2, 3, 4], /to <0, 4>/],
    ['interpolate', { size: [4, 4], mode: 'nearest', align_corners: true }, [1, 2, 3, 4], /align_corners/],
    ['upsample', { factor: 0, mode: 'nearest', align_corners: false }, [1, 2, 3, 4], /to <0, 0>/],
  ])('%s with %o of %o is refused', (op, attrs, dims, message) => {
    expect(() => shape(op, attrs, dimsOf(dims))).toThrow(ShapeError);
    expect(() => shape(op, attrs, dimsOf(dims))).toThrow(message);
  });
});

test('macs as fvcore counts them', () => {
  const macs = (mode: string) => {
    const op = ops.get('interpolate')!;
    return op.macs!([[1, 2, 3, 4]], [[1, 2, 6, 8]], { mode });
  };
  expect(macs('bilinear')).toBe(4 * 96);
  expect(macs('nearest')).toBe(96);
});
