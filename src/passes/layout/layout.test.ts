import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectPass, graphOf, lines } from '../../../tests/passes/check-pass.ts';
import type { ValueId } from '../../ir/graph.ts';
import { joined, ownLayout, regroup } from './atoms.ts';
import { layout } from './index.ts';
import { isWalkable } from './runs.ts';

const map = [2, 3, 4, 5];
const last = [0, 2, 3, 1];
const first = [0, 3, 1, 2];

const cases: [string, readonly (readonly number[])[], Parameters<typeof graphOf>[1], string[]][] = [
  [
    'a permuted operand',
    [map, [7, 3]],
    (b, x, w) => b.apply('linear', [b.permute(x, last), w]),
    ['einsum(x0, x1) equation="a d b c, e d -> a b c e"', 'output "y0" = 0'],
  ],
  [
    'a permute that something else reads stays, and is read',
    [map, [7, 3]],
    (b, x, w) => {
      const p = b.permute(x, last);
      return [b.apply('linear', [p, w]), b.apply('silu', [p])];
    },
    [
      'permute(x0) axes=<0, 2, 3, 1>',
      'einsum(0, x1) equation="a b c d, e d -> a b c e"',
      'silu(0)',
      'output "y0" = 1',
      'output "y1" = 2',
    ],
  ],
  [
    'a permute that several read, all of them with any strides',
    [map, [7, 3], [2, 4, 5]],
    (b, x, w, y) => {
      const p = b.permute(x, last);
      return [b.apply('linear', [p, w]), b.einsum('b h w, b h w c -> c', y, p), b.sum(p, [1, 2])];
    },
    [
      'einsum(x0, x1) equation="a d b c, e d -> a b c e"',
      'einsum(x2, x0) equation="b h w, b c h w -> c"',
      'reshape(x0) shape=<6, 20>',
      'sum(2) axes=<1> keepdim=false',
      'reshape(3) shape=<2, 3>',
      'output "y0" = 0',
      'output "y1" = 1',
      'output "y2" = 4',
    ],
  ],
  [
    'a permute between reshapes, as patches are put together',
    [
      [2, 4, 4, 6],
      [5, 3],
    ],
    (b, x, w) => {
      const patches = b.permute(b.reshape(x, [2, 4, 4, 2, 3]), [0, 1, 3, 2, 4]);
      return b.apply('linear', [b.reshape(patches, [2, 32, 3]), w]);
    },
    [
      'reshape(x0) shape=<2, 4, 4, 2, 3>',
      'einsum(0, x1) equation="a b f e c, d c -> a b e f d"',
      'reshape(1) shape=<2, 32, 5>',
      'output "y0" = 2',
    ],
  ],
  [
    'the result of a contraction',
    [
      [2, 4, 5, 3],
      [7, 3],
    ],
    (b, x, w) => b.permute(b.apply('linear', [x, w]), first),
    ['einsum(x0, x1) equation="a b c d, e d -> a e b c"', 'output "y0" = 0'],
  ],
  [
    'the result of a contraction, cut into patches',
    [
      [2, 4, 4, 3],
      [8, 3],
    ],
    (b, x, w) => {
      const y = b.reshape(b.apply('linear', [x, w]), [2, 4, 4, 2, 2, 2]);
      return b.reshape(b.permute(y, [0, 1, 3, 2, 4, 5]), [2, 8, 8, 2]);
    },
    [
      'reshape(x1) shape=<2, 4, 3>',
      'einsum(x0, 0) equation="a b c d, e f d -> a b e c f"',
      'reshape(1) shape=<2, 8, 8, 2>',
      'output "y0" = 2',
    ],
  ],
  [
    'a result that is also wanted as it was',
    [
      [2, 4, 5, 3],
      [7, 3],
    ],
    (b, x, w) => {
      const y = b.apply('linear', [x, w]);
      return [y, b.permute(y, first)];
    },
    [
      'einsum(x0, x1) equation="a b c d, e d -> a b c e"',
      'permute(0) axes=<0, 3, 1, 2>',
      'output "y0" = 0',
      'output "y1" = 1',
    ],
  ],
  [
    'a bias and an activation between a contraction and a permute',
    [[2, 4, 5, 3], [7, 3], [7]],
    (b, x, w, bias) => b.permute(b.apply('silu', [b.apply('linear', [x, w, bias])]), first),
    [
      'einsum(x0, x1) equation="a b c d, e d -> a e b c"',
      'reshape(x2) shape=<1, 7, 1, 1>',
      'add(0, 1)',
      'silu(2)',
      'output "y0" = 3',
    ],
  ],
  [
    'halves of a result, one of them permuted: halves of the weight lie in it',
    [
      [2, 4, 5, 32],
      [12, 32],
    ],
    (b, x, w) => {
      const [y, z] = b.applyAll('split', [b.apply('linear', [x, w])], { sizes: [4, 8], axis: 3 });
      return [b.permute(y, first), z];
    },
    [
      'part(x1) axis=0 start=0 end=4',
      'part(x1) axis=0 start=4 end=12',
      'einsum(x0, 1) equation="a b c d, e d -> a b c e"',
      'einsum(x0, 0) equation="a b c d, e d -> a e b c"',
      'output "y0" = 3',
      'output "y1" = 2',
    ],
  ],
  [
    'halves that no binding can begin at',
    [
      [2, 4, 5, 3],
      [12, 3],
    ],
    (b, x, w) => b.applyAll('split', [b.apply('linear', [x, w])], { sizes: [4, 8], axis: 3 }),
    [
      'einsum(x0, x1) equation="a b c d, e d -> a b c e"',
      'split(0) sizes=<4, 8> axis=3',
      'output "y0" = 1.0',
      'output "y1" = 1.1',
    ],
  ],
  [
    'a convolution of one pixel behind a permute',
    [
      [2, 4, 5, 3],
      [7, 3, 1, 1],
    ],
    (b, x, w) => b.apply('conv2d', [b.permute(x, first), w]),
    ['reshape(x1) shape=<7, 3>', 'einsum(x0, 0) equation="a d e b, c b -> a c d e"', 'output "y0" = 1'],
  ],
  [
    'its gradients',
    [
      [2, 4, 5, 3],
      [7, 3, 1, 1],
      [2, 7, 4, 5],
    ],
    (b, x, w, dy) => {
      const attrs = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 };
      const dx = b.apply('convolution_grad_input', [dy, w], { ...attrs, input_size: [4, 5] });
      const dw = b.apply('convolution_grad_weight', [b.permute(x, first), dy], {
        ...attrs,
        kernel_size: [1, 1],
      });
      return [b.permute(dx, last), dw];
    },
    [
      'reshape(x1) shape=<7, 3>',
      'einsum(x0, x2) equation="a d e b, a c d e -> c b"',
      'reshape(1) shape=<7, 3, 1, 1>',
      'einsum(x2, 0) equation="a c d e, c b -> a d e b"',
      'output "y0" = 3',
      'output "y1" = 2',
    ],
  ],
  [
    'permutes around an element-wise op',
    [map],
    (b, x) => b.permute(b.apply('gelu', [b.permute(x, last)]), first),
    ['gelu(x0)', 'output "y0" = 0'],
  ],
  [
    'a sum that leaves the order of what is left',
    [map],
    (b, x) => [b.sum(b.permute(x, [1, 3, 2, 0]), [1, 3], true)],
    [
      'reshape(x0) shape=<2, 12, 5>',
      'sum(0) axes=<0, 2> keepdim=false',
      'reshape(1) shape=<3, 1, 4, 1>',
      'output "y0" = 2',
    ],
  ],
  [
    'a sum that does not',
    [map],
    (b, x) => b.sum(b.permute(x, [3, 1, 2, 0]), [1]),
    ['permute(x0) axes=<3, 1, 2, 0>', 'sum(0) axes=<1> keepdim=false', 'output "y0" = 1'],
  ],
  [
    'windows: more runs than a kernel walks',
    [
      [1, 4, 2, 6, 3, 5, 2, 3],
      [7, 3],
    ],
    (b, x, w) => b.apply('linear', [b.permute(x, [0, 1, 3, 5, 2, 4, 6, 7]), w]),
    [
      'permute(x0) axes=<0, 1, 3, 5, 2, 4, 6, 7>',
      'einsum(0, x1) equation="a b c d e f g h, i h -> a b c d e f g i"',
      'output "y0" = 1',
    ],
  ],
];

describe('layout', () => {
  test.each(cases)('%s', (_, shapes, build, expected) => {
    expect(lines(expectPass(layout, graphOf(shapes, build)))).toEqual(expected);
  });

  test('any reshapes and permutes around contractions and sums', () => {
    const sizes = [1, 2, 3, 4, 6];
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 12, maxLength: 12 }), (seeds) => {
        let at = 0;
        const pick = (n: number) => seeds[at++ % seeds.length] % n;
        const shape = Array.from({ length: 2 + pick(3) }, () => sizes[pick(sizes.length)]);
        const graph = graphOf([shape], (b, x) => {
          const moved = (v: ValueId): ValueId => {
            const own = [...b.shape(v)];
            const axes = own.map((_, a) => a);
            for (let k = axes.length - 1; k > 0; k--) {
              const other = pick(k + 1);
              [axes[k], axes[other]] = [axes[other], axes[k]];
            }
            const p = b.permute(v, axes);
            if (pick(2) === 0) return p;
            const flat = b.shape(p).reduce((n, d) => n * d, 1);
            const head = [1, 2, 3, 4, 6].filter((n) => flat % n === 0);
            const size = head[pick(head.length)];
            return b.reshape(p, [size, flat / size]);
          };
          const y = moved(moved(x));
          const letters = [...'abcdefgh'].slice(0, b.shape(y).length);
          const [k] = letters.slice(pick(letters.length));
          const w = b.source('input', 'w', [5, b.shape(y)[letters.indexOf(k)]]);
          const out = letters.map((l) => (l === k ? 'z' : l));
          const product = b.einsum(`${letters.join(' ')}, z ${k} -> ${out.join(' ')}`, y, w);
          return [moved(moved(product)), b.sum(moved(x), [pick(shape.length) % 2])];
        });
        expectPass(layout, graph);
      }),
      { numRuns: 300, seed: 11 },
    );
  });
});

test('atoms: axes as parts of others', () => {
  const [n, c, h, w] = ownLayout([2, 3, 4, 6]);
  expect(regroup([n, h, w, c].flat(), [8, 18])).toEqual([[n, h].flat(), [w, c].flat()]);
  expect(regroup([n, h, w, c].flat(), [16, 9])).toEqual([
    [
      { size: 2, stride: 72 },
      { size: 4, stride: 6 },
      { size: 2, stride: 3 },
    ],
    [
      { size: 3, stride: 1 },
      { size: 3, stride: 24 },
    ],
  ]);
  expect(regroup([c, h].flat(), [4, 3])).toBeUndefined();
  expect(joined(ownLayout([2, 3, 4, 6]).flat())).toEqual([{ size: 144, stride: 1 }]);
});

test('runs: neighbours that are one in every tensor count once', () => {
  const run = (size: number, ...strides: number[]) => ({ size, strides });
  expect(isWalkable([run(2, 12, 1), run(3, 4, 2), run(4, 1, 6)])).toBe(true);
  expect(isWalkable([run(2, 12, 1), run(3, 4, 2), run(4, 1, 6), run(2, 7, 9)])).toBe(false);
  expect(isWalkable([run(2, 12, 24), run(3, 4, 8), run(1, 5, 5), run(4, 1, 2), run(2, 7, 9)])).toBe(true);
});
