import { describe, expect, test } from 'vitest';
import { deviceName, useDevice } from '../../../tests/device.ts';
import { deviceError, gradientError, outputOf, type Probe, probe } from '../../../tests/ops/check.ts';
import { Dim, type Dims, dimsOf, formatDims } from '../../ir/dim.ts';
import type { Attrs } from '../../ir/graph.ts';
import { ShapeError } from '../../ir/op.ts';
import { ops } from '../index.ts';

const device = useDevice();

const bias = (rows: number, heads: number, attrs: Attrs) =>
  probe([[rows, heads]], (b, [table]) => [b.apply('relative_position_bias', [table], attrs)]);
const mask = (attrs: Attrs) => probe([], (b) => [b.apply('window_mask', [], attrs)]);

const probes: Record<string, () => Probe> = {
  'relative_position_bias of a square window': () => bias(49, 3, { window: 4 }),
  'relative_position_bias of an oblong window': () => bias(15, 2, { window: [3, 2] }),
  'relative_position_bias of a window smaller than that of its table': () =>
    bias(49, 2, { window: [3, 2], table_window: 4 }),
  'window_mask of one window': () => mask({ height: 4, width: 4, window: 4, shift: 2 }),
  'window_mask that shifts one axis': () => mask({ height: 9, width: 4, window: [3, 4], shift: [1, 0] }),
  'window_partition and window_reverse': () =>
    probe([[2, 6, 4, 3]], (b, [x]) => {
      const windows = b.apply('window_partition', [x], { window: [3, 2] });
      return [windows, b.apply('window_reverse', [windows], { window: [3, 2], height: 6, width: 4 })];
    }),
};

describe.each(Object.entries(probes))('%s', (_, make) => {
  test('the gradient equals finite differences', () => {
    expect(gradientError(make())).toBeLessThan(1e-6);
  });
  test(`${deviceName} equals the reference`, async () => {
    expect(await deviceError(device(), make())).toBeLessThan(1e-6);
  });
});

test('window_reverse undoes window_partition', () => {
  const p = probes['window_partition and window_reverse']();
  expect(outputOf(p, 'y1').data).toEqual(p.feeds.get(p.graph.sources[0].value)!.data);
});

test('relative_position_bias reads the row of query - key', () => {
  const p = bias(9, 1, { window: 2 });
  const table = p.feeds.get(p.graph.sources[0].value)!.data;
  // Tokens 0 and 3 are diagonal neighbours: (−1 + 1) · 3 − 1 + 1 = 0 for query 0, (1 + 1) · 3 + 1 + 1 = 8 for query 3.
  const y = outputOf(p, 'y0').data;
  expect([y[0], y[3], y[12], y[1]]).toEqual([table[4], table[0], table[8], table[3]]);
});

test('window_mask keeps apart what was apart', () => {
  const rows = outputOf(mask({ height: 1, width: 4, window: [1, 2], shift: [0, 1] }), 'y0').data;
  // Places 1, 2, 3, 0 after rolling: the first window is whole, in the second 3 and 0 are strangers.
  expect(Array.from(rows)).toEqual([0, 0, 0, 0, 0, -100, -100, 0]);
});

describe('shape rules', () => {
  const shape = (op: string, attrs: Attrs, ...all: Dims[]) =>
    formatDims(
      ops.get(op)!.shape(
        all.map((dims) => ({ dims, dtype: 'f32' as const })),
        attrs,
      )[0].dims,
    );
  const image = [Dim.B, Dim.of(20, { name: 'H', size: 320 }), Dim.of(40), Dim.of(6)];
  const attention = { heads: 2, window: 4, shift: 2 };
  const weights = [
    [18, 6],
    [6, 6],
    [49, 2],
  ].map(dimsOf);

  test('the batch stays free', () => {
    expect(shape('window_partition', { window: [4, 5] }, image)).toBe('[B, 40, 20, 6]');
    const windows = [Dim.B, ...dimsOf([40, 20, 6])];
    expect(shape('window_reverse', { window: [4, 5], height: 20, width: 40 }, windows)).toBe(
      '[B, 20, 40, 6]',
    );
    expect(shape('window_attention', attention, image, ...weights)).toBe('[B, H/16, 40, 6]');
  });

  test.each<[string, Attrs, number[][], RegExp]>([
    ['window_partition', { window: [3, 3] }, [[1, 6, 4, 2]], /\[1, 6, 4, 2\] into windows of 3×3/],
    ['window_reverse', { window: [2, 2], height: 4, width: 4 }, [[1, 3, 4, 2]], /to a map of 4×4/],
    ['window_mask', { height: 6, width: 4, window: [4, 4], shift: [0, 0] }, [], /6×4 with windows of 4×4/],
    ['window_mask', { height: 4, width: 4, window: [4, 4], shift: [4, 0] }, [], /shift <4, 0>/],
    [
      'relative_position_bias',
      { window: [2, 2], table_window: [0, 0] },
      [[8, 2]],
      /needs a table \[9, heads\], found \[8, 2\]/,
    ],
    ['relative_position_bias', { window: [4, 4], table_window: [3, 3] }, [[25, 2]], /a table for <3, 3>/],
    [
      'window_attention',
      { heads: 4, window: 4, shift: 0 },
      [
        [1, 8, 8, 6],
        [18, 6],
        [6, 6],
        [49, 4],
      ],
      /into 4 heads/,
    ],
    [
      'window_attention',
      attention,
      [
        [1, 8, 8, 6],
        [18, 6],
        [6, 6],
        [48, 2],
      ],
      /needs table \[49, 2\], found \[48, 2\]/,
    ],
    [
      'window_attention',
      { ...attention, shift: 4 },
      [
        [1, 8, 8, 6],
        [18, 6],
        [6, 6],
        [49, 2],
      ],
      /window 4 and shift 4/,
    ],
    [
      'window_attention',
      attention,
      [
        [8, 8, 6],
        [18, 6],
        [6, 6],
        [49, 2],
      ],
      /needs x \[B, H, W, C\]/,
    ],
  ])('%s with %o of %o is refused', (op, attrs, shapes, message) => {
    expect(() => shape(op, attrs, ...shapes.map(dimsOf))).toThrow(ShapeError);
    expect(() => shape(op, attrs, ...shapes.map(dimsOf))).toThrow(message);
  });
});
