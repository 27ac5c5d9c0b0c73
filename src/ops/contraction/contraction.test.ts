import { describe, expect, test } from 'vitest';
import { deviceName, useDevice } from '../../../tests/device.ts';
import { deviceError, gradientError, outputOf, type Probe, probe } from '../../../tests/ops/check.ts';
import { Dim, type Dims, dimsOf, formatDims } from '../../ir/dim.ts';
import { type Attrs, elementCount } from '../../ir/graph.ts';
import { ShapeError } from '../../ir/op.ts';
import { ops } from '../index.ts';

const device = useDevice();

const product = (equation: string, a: number[], b: number[]) =>
  probe([a, b], (g, [x, y]) => [g.einsum(equation, x, y)]);

const small: Record<string, () => Probe> = {
  'einsum over two axes that lie apart': () => product('a k b l, k c l -> c a b', [3, 4, 2, 5], [4, 6, 5]),
  'einsum with two batch axes that lie apart': () =>
    product('p m q k, q k p n -> n q m p', [2, 3, 4, 5], [4, 5, 2, 6]),
  'einsum of vectors to a number': () => product('k, k ->', [37], [37]),
  'einsum of vectors to a matrix': () => product('m, n -> m n', [5], [9]),
  'einsum without a sum': () => product('b m, b m -> m b', [3, 7], [3, 7]),
  'einsum with an axis of one': () => product('b m k, k n -> n b m', [1, 5, 8], [8, 1]),
  'einsum with vec4 loads of both operands': () => product('b k m, b k n -> b m n', [2, 5, 12], [2, 5, 20]),
  'einsum with a vec4 axis in the middle of the result': () =>
    product('k a m, k n -> m n a', [5, 3, 8], [5, 4]),
  'einsum whose sum runs over four axes that lie apart': () =>
    product('k a l b m c n, k l m n d -> a d b c', [2, 3, 3, 2, 2, 3, 3], [2, 3, 2, 3, 5]),
  'einsum with four batch axes that lie apart, and a bias behind it': () =>
    probe(
      [
        [2, 3, 2, 3, 2, 4],
        [3, 2, 2, 4, 3, 3],
        [3, 1, 2],
      ],
      (b, [x, y, bias]) => [b.add(b.einsum('p q r s m k, s r p k q n -> m p n q s r', x, y), bias)],
    ),
  'linear of a vector without bias': () => probe([[7], [3, 7]], (b, [x, w]) => [b.apply('linear', [x, w])]),
  'linear behind leading axes, and an activation': () =>
    probe([[2, 3, 4, 6], [5, 6], [5]], (b, [x, w, bias]) => [
      b.apply('silu', [b.apply('linear', [x, w, bias])]),
    ]),
  'matmul with two leading axes': () =>
    probe(
      [
        [2, 3, 4, 5],
        [2, 3, 5, 6],
      ],
      (b, [x, y]) => [b.apply('matmul', [x, y])],
    ),
};

describe.each(Object.entries(small))('%s', (_, make) => {
  test('the gradient equals finite differences', () => {
    expect(gradientError(make())).toBeLessThan(1e-6);
  });
  test(`${deviceName} equals the reference`, async () => {
    expect(await deviceError(device(), make())).toBeLessThan(1e-5);
  });
});

const large: Record<string, () => Probe> = {
  'a sum so long that it is split, with a bias fused behind it': () =>
    probe([[3, 4001], [5, 4001], [5]], (b, [x, w, bias]) => [b.apply('linear', [x, w, bias])]),
  'a split sum over two axes': () => product('b k l, b d l -> k d', [3, 5, 700], [3, 7, 700]),
  'many channels, tall and narrow': () => product('m k, n k -> m n', [1031, 97], [3, 97]),
  'many channels, flat and wide': () => product('m k, k n -> m n', [2, 33], [33, 2052]),
};

test.each(Object.entries(large))(`%s: ${deviceName} equals the reference`, async (_, make) => {
  expect(await deviceError(device(), make())).toBeLessThan(1e-5);
});

test('more than 65535 workgroups', async () => {
  // A batch of its own for each element: each a thread, 32 threads a workgroup.
  const batch = 65_536 * 32 + 5;
  const p = probe([[batch], [batch]], (b, [x, y]) => [b.einsum('b, b -> b', x, y)]);
  const { data } = outputOf(p, 'y0');
  expect(data.length).toBe(batch);
  expect(await deviceError(device(), p)).toBeLessThan(1e-6);
});

function types(...shapes: Dims[]) {
  return shapes.map((dims) => ({ dims, dtype: 'f32' as const }));
}

const shapeOf = (op: string, shapes: Dims[], attrs: Attrs = {}) =>
  formatDims(ops.get(op)!.shape(types(...shapes), attrs)[0].dims);

test('shape rules with a free batch', () => {
  const x = [Dim.B, Dim.of(4), Dim.of(6), Dim.of(9)];
  expect(shapeOf('einsum', [x, dimsOf([4, 5, 6])], { equation: 'b k d l, k c d -> b k c l' })).toBe(
    '[B, 4, 5, 9]',
  );
  expect(shapeOf('linear', [x, dimsOf([3, 9]), dimsOf([3])])).toBe('[B, 4, 6, 3]');
  expect(shapeOf('matmul', [x, [Dim.B, ...dimsOf([4, 9, 2])]])).toBe('[B, 4, 6, 2]');
});

const refusals: [string, string, number[][], Attrs, RegExp][] = [
  [
    'einsum',
    'a letter alone',
    [
      [2, 3],
      [3, 4],
    ],
    { equation: 'm k, k n -> m' },
    /`n` is in one operand only/,
  ],
  [
    'einsum',
    'a letter twice',
    [
      [2, 2],
      [2, 4],
    ],
    { equation: 'm m, m n -> n' },
    /`m` stands twice/,
  ],
  [
    'einsum',
    'an unknown letter',
    [
      [2, 3],
      [3, 4],
    ],
    { equation: 'm k, k n -> m z' },
    /`z` is in no operand/,
  ],
  [
    'einsum',
    'no arrow',
    [
      [2, 3],
      [3, 4],
    ],
    { equation: 'm k, k n' },
    /is not of the form/,
  ],
  [
    'einsum',
    'a digit',
    [
      [2, 3],
      [3, 4],
    ],
    { equation: 'm 1, 1 n -> m n' },
    /`1` is not a letter/,
  ],
  [
    'einsum',
    'sizes',
    [
      [2, 3],
      [4, 4],
    ],
    { equation: 'm k, k n -> m n' },
    /`k` is 3 in the first and 4 in/,
  ],
  [
    'einsum',
    'ranks',
    [
      [2, 3, 1],
      [3, 4],
    ],
    { equation: 'm k, k n -> m n' },
    /names 2 axes/,
  ],
  [
    'linear',
    'sizes',
    [
      [2, 3],
      [4, 5],
    ],
    {},
    /the last axis is 3, the weight takes 5/,
  ],
  ['linear', 'bias', [[2, 5], [4, 5], [5]], {}, /needs a bias \[4\], found \[5\]/],
  [
    'matmul',
    'inner sizes',
    [
      [2, 3],
      [4, 5],
    ],
    {},
    /the inner axes are 3 and 4/,
  ],
  [
    'matmul',
    'leading axes',
    [
      [2, 3, 3],
      [1, 3, 3],
    ],
    {},
    /leading axis 0 is 2 and 1/,
  ],
];

test.each(refusals)('%s refuses: %s', (op, _, shapes, attrs, message) => {
  const call = () => shapeOf(op, shapes.map(dimsOf), attrs);
  expect(call).toThrow(ShapeError);
  expect(call).toThrow(message);
});

test('macs are the product of all index sizes', () => {
  const einsum = ops.get('einsum')!;
  const attrs = { equation: 'b k d l, k c d -> b k c l' };
  expect(
    einsum.macs!(
      [
        [2, 4, 6, 9],
        [4, 5, 6],
      ],
      [[2, 4, 5, 9]],
      attrs,
    ),
  ).toBe(elementCount([2, 4, 6, 9, 5]));
});
