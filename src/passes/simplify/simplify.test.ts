import { describe, expect, test } from 'vitest';
import { expectPass, graphOf, lines } from '../../../tests/passes/check-pass.ts';
import type { ValueId } from '../../ir/graph.ts';
import { simplify } from './index.ts';

const map = [2, 3, 4, 5];

const cases: [string, readonly (readonly number[])[], Parameters<typeof graphOf>[1], string[]][] = [
  ['an affine of 1', [map], (b, x) => b.affine(x, 1), ['output "y0" = x0']],
  ['detach', [map], (b, x) => b.apply('detach', [x]), ['output "y0" = x0']],
  [
    'an affine of an affine',
    [map],
    (b, x) => b.affine(b.affine(x, 2, 1), 3, -1),
    ['affine(x0) factor=6 offset=2', 'output "y0" = 0'],
  ],
  [
    'an affine that is read elsewhere stays',
    [map],
    (b, x) => {
      const first = b.affine(x, 2, 1);
      return [b.affine(first, 3), first];
    },
    ['affine(x0) factor=2 offset=1', 'affine(0) factor=3 offset=0', 'output "y0" = 1', 'output "y1" = 0'],
  ],
  [
    'affines whose product no float holds stay',
    [map],
    (b, x) => b.affine(b.affine(x, 1e-30), 1e-30),
    ['affine(x0) factor=1e-30 offset=0', 'affine(0) factor=1e-30 offset=0', 'output "y0" = 1'],
  ],
  [
    'x · 0 stays, for NaN and infinities',
    [map],
    (b, x) => b.mul(x, b.apply('full', [], { shape: map, value: 0 })),
    ['affine(x0) factor=0 offset=0', 'output "y0" = 0'],
  ],
  ['a difference of itself stays', [map], (b, x) => b.sub(x, x), ['sub(x0, x0)', 'output "y0" = 0']],
  [
    'constants beside a tensor',
    [map],
    (b, x) => {
      const c = (value: number) => b.apply('full', [], { shape: [5], value });
      return [b.add(c(3), x), b.sub(c(2), x), b.sub(x, c(2)), b.mul(x, c(1)), b.add(x, c(0)), b.div(x, c(4))];
    },
    [
      'affine(x0) factor=1 offset=3',
      'affine(x0) factor=-1 offset=2',
      'affine(x0) factor=1 offset=-2',
      'affine(x0) factor=0.25 offset=0',
      'output "y0" = 0',
      'output "y1" = 1',
      'output "y2" = 2',
      'output "y3" = x0',
      'output "y4" = x0',
      'output "y5" = 3',
    ],
  ],
  [
    'a third is not as exact as a division by 3, and a constant of a larger shape is no number',
    [[4, 1]],
    (b, x) => [
      b.div(x, b.apply('full', [], { shape: [], value: 3 })),
      b.add(x, b.apply('full', [], { shape: [4, 2], value: 3 })),
    ],
    [
      'full() shape=<> value=3',
      'div(x0, 0)',
      'full() shape=<4, 2> value=3',
      'add(x0, 2)',
      'output "y0" = 1',
      'output "y1" = 3',
    ],
  ],
  [
    'functions and shapes of constants',
    [],
    (b) => {
      const c = b.apply('full', [], { shape: [2, 1], value: 3 });
      const stretched = b.apply('expand', [b.permute(c, [1, 0])], { shape: [4, 2] });
      return b.add(b.apply('relu', [b.affine(stretched, -1)]), b.affine(stretched, 2));
    },
    ['full() shape=<4, 2> value=6', 'output "y0" = 0'],
  ],
  [
    'negations',
    [map, [5]],
    (b, x, y) => {
      const minus = (v: ValueId) => b.affine(v, -1);
      return [b.add(x, minus(y)), b.add(minus(x), y), b.sub(x, minus(y)), minus(b.sub(x, y))];
    },
    [
      'sub(x0, x1)',
      'sub(x1, x0)',
      'add(x0, x1)',
      'output "y0" = 0',
      'output "y1" = 1',
      'output "y2" = 2',
      'output "y3" = 1',
    ],
  ],
  [
    'shapes: the same, one of another, and back',
    [map],
    (b, x) => [b.reshape(x, map), b.reshape(b.reshape(b.reshape(x, [120]), [6, 20]), map)],
    ['output "y0" = x0', 'output "y1" = x0'],
  ],
  [
    'permutes: none, two, and of axes of one',
    [map, [1, 7, 1, 3]],
    (b, x, y) => [
      b.permute(x, [0, -3, 2, 3]),
      b.permute(b.permute(x, [0, 2, 3, 1]), [0, 2, 3, 1]),
      b.permute(b.permute(x, [0, 2, 3, 1]), [0, 3, 1, 2]),
      b.permute(y, [1, 0, 3, 2]),
    ],
    [
      'permute(x0) axes=<0, 3, 1, 2>',
      'reshape(x1) shape=<7, 1, 3, 1>',
      'output "y0" = x0',
      'output "y1" = 0',
      'output "y2" = x0',
      'output "y3" = 1',
    ],
  ],
  [
    'slices, padding, rolling and flipping',
    [map],
    (b, x) => [
      b.apply('slice', [b.apply('slice', [x], { axis: 2, start: 1, end: 4 })], {
        axis: -2,
        start: -2,
        end: 3,
      }),
      b.apply('slice', [x], { axis: 1, start: 0, end: 3 }),
      b.apply('pad', [x], { padding: [0, 0, 0, 0] }),
      b.apply('roll', [b.apply('roll', [x], { shifts: [-3], axes: [2] })], { shifts: [3], axes: [2] }),
      b.apply('flip', [b.apply('flip', [x], { axes: [1, 3] })], { axes: [1, 3] }),
    ],
    [
      'slice(x0) axis=2 start=2 end=4',
      'output "y0" = 0',
      'output "y1" = x0',
      'output "y2" = x0',
      'output "y3" = x0',
      'output "y4" = x0',
    ],
  ],
  [
    'concatenations: of one, nested, cut apart again',
    [map, map, map],
    (b, x, y, z) => {
      const inner = b.apply('concat', [x, y], { axis: 1 });
      const all = b.apply('concat', [inner, z], { axis: -3 });
      const [p, q, r] = b.applyAll('split', [all], { sizes: [3, 3, 3], axis: 1 });
      const part = b.apply('slice', [all], { axis: 1, start: 4, end: 6 });
      return [b.apply('concat', [x], { axis: 0 }), p, q, r, part, b.apply('silu', [all])];
    },
    [
      'concat(x0, x1, x2) axis=1',
      'slice(x1) axis=1 start=1 end=3',
      'silu(0)',
      'output "y0" = x0',
      'output "y1" = x0',
      'output "y2" = x1',
      'output "y3" = x2',
      'output "y4" = 1',
      'output "y5" = 2',
    ],
  ],
  [
    'pieces that are joined as they were, or of which one is read',
    [map],
    (b, x) => {
      const whole = b.applyAll('split', [x], { sizes: [1, 2], axis: 1 });
      const other = b.applyAll('split', [x], { sizes: [2, 2], axis: 2 });
      return [b.apply('concat', whole, { axis: 1 }), other[1]];
    },
    ['slice(x0) axis=2 start=2 end=4', 'output "y0" = x0', 'output "y1" = 0'],
  ],
  [
    'copies of few elements',
    [[3, 1, 1], map],
    (b, x, y) => {
      const stretched = b.apply('expand', [x], { shape: map });
      return [b.mul(stretched, y), b.add(b.apply('silu', [b.apply('expand', [x], { shape: map })]), y)];
    },
    ['mul(x0, x1)', 'silu(x0)', 'add(1, x1)', 'output "y0" = 0', 'output "y1" = 2'],
  ],
  [
    'copies that nothing else stretches stay',
    [[3, 1, 1]],
    (b, x) => {
      const stretched = b.apply('expand', [x], { shape: map });
      return b.add(stretched, b.affine(x, 2));
    },
    ['expand(x0) shape=<2, 3, 4, 5>', 'affine(x0) factor=2 offset=0', 'add(0, 1)', 'output "y0" = 2'],
  ],
  [
    'sums: of one element, of a sum, of copies',
    [map, [2, 1, 4, 1]],
    (b, x, y) => [
      b.sum(y, [1, 3]),
      b.sum(b.sum(x, [1, 3]), [1]),
      b.sum(b.sum(x, [1], true), [-1], true),
      b.sum(b.apply('expand', [y], { shape: [6, 2, 3, 4, 5] }), [0, 2, 4]),
      b.sum(b.apply('expand', [y], { shape: map }), [1, 2]),
    ],
    [
      'reshape(x1) shape=<2, 4>',
      'sum(x0) axes=<1, 2, 3> keepdim=false',
      'sum(x0) axes=<1, 3> keepdim=false',
      'reshape(2) shape=<2, 1, 4, 1>',
      'affine(x1) factor=90 offset=0',
      'reshape(4) shape=<2, 4>',
      'expand(x1) shape=<2, 3, 4, 5>',
      'sum(6) axes=<1, 2> keepdim=false',
      'output "y0" = 0',
      'output "y1" = 1',
      'output "y2" = 3',
      'output "y3" = 5',
      'output "y4" = 7',
    ],
  ],
  [
    'what is computed twice, whatever the order of a sum',
    [map, map],
    (b, x, y) => [b.apply('silu', [b.add(x, y)]), b.apply('silu', [b.add(y, x)]), b.sub(x, y), b.sub(y, x)],
    [
      'add(x0, x1)',
      'silu(0)',
      'sub(x0, x1)',
      'sub(x1, x0)',
      'output "y0" = 1',
      'output "y1" = 1',
      'output "y2" = 2',
      'output "y3" = 3',
    ],
  ],
];

describe('simplification', () => {
  test.each(cases)('%s', (_, shapes, build, expected) => {
    expect(lines(expectPass(simplify, graphOf(shapes, build)))).toEqual(expected);
  });
});
