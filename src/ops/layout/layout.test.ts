import { describe, expect, test } from 'vitest';
import { deviceName, useDevice } from '../../../tests/device.ts';
import { deviceError, gradientError, outputOf, type Probe, probe } from '../../../tests/ops/check.ts';
import { Dim, dimsOf, formatDims } from '../../ir/dim.ts';
import type { Attrs } from '../../ir/graph.ts';
import { ShapeError } from '../../ir/op.ts';
import { ops } from '../index.ts';

const device = useDevice();

const one = (op: string, shape: number[], attrs: Attrs) =>
  probe([shape], (b, [x]) => [b.apply(op, [x], attrs)]);

const probes: Record<string, () => Probe> = {
  'permute of [B, H, W, C] to [B, C, H, W]': () => one('permute', [2, 5, 7, 3], { axes: [0, 3, 1, 2] }),
  'permute with negative axes': () => one('permute', [3, 4, 5], { axes: [-1, 0, 1] }),
  'permute of six axes': () => one('permute', [2, 3, 2, 3, 2, 3], { axes: [5, 3, 1, 0, 2, 4] }),
  'permute of seven axes that lie apart': () =>
    one('permute', [2, 3, 2, 3, 2, 3, 2], { axes: [6, 5, 4, 3, 2, 1, 0] }),
  'flip of every second of eight axes': () => one('flip', [2, 2, 3, 2, 2, 2, 3, 2], { axes: [0, 2, 4, 6] }),
  'permute of one axis': () => one('permute', [5], { axes: [0] }),
  transpose: () => one('transpose', [2, 3, 4, 5], { axis0: 1, axis1: -1 }),
  'slice of an inner axis': () => one('slice', [3, 4, 7], { axis: 2, start: 2, end: -1 }),
  'slice of the first axis': () => one('slice', [5, 4], { axis: 0, start: 1, end: 3 }),
  'pad of the last two axes': () => one('pad', [2, 3, 4, 5], { padding: [1, 2, 0, 3] }),
  'pad of axes 1 and 2': () => one('pad', [2, 3, 4, 5], { padding: [0, 4, 0, 3], axes: [1, 2] }),
  'pad that cuts': () => one('pad', [2, 6, 5], { padding: [-2, 1, 1, -3] }),
  'pad of every axis': () =>
    one('pad', [2, 3, 2, 3], { padding: [1, 0, 0, 1, 1, 1, 2, 0], axes: [0, 1, 2, 3] }),
  roll: () => one('roll', [2, 7, 5, 3], { shifts: [-3, 9], axes: [1, 2] }),
  'roll by nothing': () => one('roll', [2, 7], { shifts: [0], axes: [1] }),
  flip: () => one('flip', [3, 4, 5], { axes: [0, 2] }),
  'concat of an inner axis': () =>
    probe(
      [
        [2, 3, 4],
        [2, 1, 4],
        [2, 5, 4],
      ],
      (b, xs) => [b.apply('concat', xs, { axis: -2 })],
    ),
  'concat of the last axis': () =>
    probe(
      [
        [3, 4],
        [3, 2],
      ],
      (b, xs) => [b.apply('concat', xs, { axis: 1 })],
    ),
  'concat of one tensor': () => probe([[3, 4]], (b, xs) => [b.apply('concat', xs, { axis: 1 })]),
  'concat of more tensors than can be bound': () =>
    probe(
      Array.from({ length: 40 }, (_, i) => [2, 1 + (i % 3), 3]),
      (b, xs) => [b.apply('concat', xs, { axis: 1 })],
    ),
  'concat with a fused activation': () =>
    probe(
      [
        [2, 3],
        [2, 2],
      ],
      (b, xs) => [b.apply('tanh', [b.apply('concat', xs, { axis: 1 })])],
    ),
  'split of the last axis': () =>
    probe([[2, 3, 9]], (b, [x]) => b.applyAll('split', [x], { sizes: [4, 2, 3], axis: -1 })),
  'split whose middle output has no gradient': () =>
    probe([[2, 9, 3]], (b, [x]) => b.applyAll('split', [x], { sizes: [4, 2, 3], axis: 1 }), [1]),
  'split whose first output alone has a gradient': () =>
    probe([[9, 3]], (b, [x]) => b.applyAll('split', [x], { sizes: [4, 5], axis: 0 }), [1]),
  'split into more pieces than a kernel binds, with an activation behind each': () =>
    probe([[3, 40, 4]], (b, [x]) =>
      b
        .applyAll('split', [x], { sizes: [1, 2, 3, 4, 5, 6, 7, 12], axis: 1 })
        .map((y) => b.apply('tanh', [y])),
    ),
  'split into pieces of whole runs': () =>
    probe([[3, 32, 4]], (b, [x]) => b.applyAll('split', [x], { sizes: [4, 8, 20], axis: 1 })),
  'patch_merge of odd sizes': () => probe([[2, 7, 3, 5]], (b, [x]) => [b.apply('patch_merge', [x])]),
  'patch_expand by 3': () => one('patch_expand', [1, 2, 3, 18], { factor: 3 }),
};

describe.each(Object.entries(probes))('%s', (_, make) => {
  test('the gradient equals finite differences', () => {
    expect(gradientError(make())).toBeLessThan(1e-6);
  });
  test(`${deviceName} equals the reference bit by bit where nothing is computed`, async () => {
    const p = make();
    const fused = p.graph.nodes.some((n) => n.op === 'tanh');
    expect(await deviceError(device(), p)).toBeLessThanOrEqual(fused ? 1e-5 : 0);
  });
});

test.each([
  'permute of [B, H, W, C] to [B, C, H, W]',
  'concat of more tensors than can be bound',
  'pad of every axis',
])('%s in more workgroups than a dimension takes', async (name) => {
  const p = probes[name]();
  expect(await deviceError(device(), p, { maxComputeWorkgroupsPerDimension: 3 })).toBe(0);
});

describe('known values', () => {
  const iota = (op: string, shape: number[], attrs: Attrs) => {
    const p = one(op, shape, attrs);
    const x = p.feeds.get(p.graph.sources[0].value)!.data;
    return Array.from(outputOf(p, 'y0').data, (v) => (v === 0 ? -1 : x.indexOf(v)));
  };
  test('permute', () => expect(iota('permute', [2, 3], { axes: [1, 0] })).toEqual([0, 3, 1, 4, 2, 5]));
  test('roll', () => expect(iota('roll', [4], { shifts: [1], axes: [0] })).toEqual([3, 0, 1, 2]));
  test('flip', () => expect(iota('flip', [2, 2], { axes: [1] })).toEqual([1, 0, 3, 2]));
  test('pad', () => expect(iota('pad', [1, 2], { padding: [0, 1, 1, 0] })).toEqual([-1, 0, 1, -1, -1, -1]));
  test('slice', () => expect(iota('slice', [4], { axis: 0, start: 1, end: -1 })).toEqual([1, 2]));
});

describe('shape rules', () => {
  const h = Dim.of(20, { name: 'H', size: 320 });
  const image = [Dim.B, h, Dim.of(7), Dim.of(6)];
  const shape = (op: string, attrs: Attrs, ...all: (readonly Dim[])[]) =>
    ops
      .get(op)!
      .shape(
        all.map((dims) => ({ dims, dtype: 'f32' as const })),
        attrs,
      )
      .map((t) => formatDims(t.dims));

  test('the batch stays free', () => {
    expect(shape('permute', { axes: [0, 3, 1, 2] }, image)).toEqual(['[B, 6, H/16, 7]']);
    expect(shape('slice', { axis: 3, start: 0, end: 2 }, image)).toEqual(['[B, H/16, 7, 2]']);
    expect(shape('split', { axis: -1, sizes: [2, 4] }, image)).toEqual([
      '[B, H/16, 7, 2]',
      '[B, H/16, 7, 4]',
    ]);
    expect(shape('concat', { axis: 3 }, image, image)).toEqual(['[B, H/16, 7, 12]']);
    expect(shape('concat', { axis: 0 }, image, image)).toEqual(['[2*B, H/16, 7, 6]']);
    expect(shape('pad', { axes: [1, 2], padding: [0, 1, 2, 0] }, image)).toEqual(['[B, 21, 9, 6]']);
    expect(shape('pad', { axes: [0], padding: [0, 0] }, image)).toEqual(['[B, H/16, 7, 6]']);
    expect(shape('roll', { axes: [1], shifts: [3] }, image)).toEqual(['[B, H/16, 7, 6]']);
    expect(shape('patch_merge', {}, image)).toEqual(['[B, H/32, 3, 24]']);
    expect(shape('patch_expand', { factor: 1 }, image)).toEqual(['[B, H/16, 7, 6]']);
  });

  const wrong: [string, Attrs, number[][], RegExp][] = [
    ['permute', { axes: [0, 1] }, [[2, 3, 4]], /`permute` of \[2, 3, 4\] needs 3 axes, found <0, 1>/],
    ['permute', { axes: [0, 1, 1] }, [[2, 3, 4]], /twice/],
    ['permute', { axes: [0, 1, 3] }, [[2, 3, 4]], /axis 3 of \[2, 3, 4\]/],
    ['transpose', { axis0: 0, axis1: 4 }, [[2, 3]], /axis 4/],
    ['slice', { axis: 1, start: 2, end: 2 }, [[2, 3]], /2 to 2 of axis 1/],
    ['slice', { axis: 1, start: 0, end: 4 }, [[2, 3]], /0 to 4 of axis 1/],
    ['split', { axis: 1, sizes: [1, 1] }, [[2, 3]], /sum to 2, the axis holds 3/],
    ['split', { axis: 1, sizes: [3, 0] }, [[2, 3]], /sum to 3/],
    [
      'concat',
      { axis: 1 },
      [
        [2, 3],
        [3, 3],
      ],
      /axis 0 is 2 and 3/,
    ],
    [
      'concat',
      { axis: 1 },
      [
        [2, 3],
        [2, 3, 1],
      ],
      /2 and 3 axes/,
    ],
    ['concat', { axis: 2 }, [[2, 3]], /axis 2/],
    ['pad', { padding: [1, 1], axes: [-2, -1] }, [[2, 3]], /2 numbers for each/],
    ['pad', { padding: [-1, -2], axes: [1] }, [[2, 3]], /nothing is left/],
    ['roll', { shifts: [1], axes: [0, 1] }, [[2, 3]], /as many shifts as axes/],
    ['patch_merge', {}, [[1, 1, 4, 3]], /at least 2×2/],
    ['patch_merge', {}, [[1, 4, 3]], /needs \[B, H, W, C\]/],
    ['patch_expand', { factor: 2 }, [[1, 2, 2, 6]], /6 channels/],
  ];
  test.each(wrong)('%s with %o of %o is refused', (op, attrs, shapes, message) => {
    expect(() => shape(op, attrs, ...shapes.map(dimsOf))).toThrow(ShapeError);
    expect(() => shape(op, attrs, ...shapes.map(dimsOf))).toThrow(message);
  });

  test.each<[string, Attrs]>([
    ['slice', { axis: 0, start: 0, end: 1 }],
    ['split', { axis: 0, sizes: [1] }],
    ['pad', { axes: [0], padding: [1, 0] }],
    ['roll', { axes: [0], shifts: [1] }],
    ['flip', { axes: [0] }],
  ])('%s along the batch is refused', (op, attrs) => {
    expect(() => shape(op, attrs, image)).toThrow(/batch/);
  });
});
