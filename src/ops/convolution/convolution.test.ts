import { describe, expect, test } from 'vitest';
import { deviceName, useDevice } from '../../../tests/device.ts';
import { deviceError, gradientError, type Probe, probe } from '../../../tests/ops/check.ts';
import { withDefaults } from '../../ir/builder.ts';
import { Dim, type Dims, dimsOf, formatDims } from '../../ir/dim.ts';
import type { Attrs } from '../../ir/graph.ts';
import { ShapeError } from '../../ir/op.ts';
import { ops } from '../index.ts';

const device = useDevice();

const one = (op: string, shapes: number[][], attrs: Attrs) =>
  probe(shapes, (b, operands) => [b.apply(op, operands, attrs)]);

const small: Record<string, () => Probe> = {
  'conv2d with unequal padding and stride': () =>
    one('conv2d', [[2, 3, 7, 9], [4, 3, 3, 2], [4]], { stride: [2, 3], padding: [1, 0, 2, 3] }),
  'conv2d with dilation and stride': () =>
    one(
      'conv2d',
      [
        [1, 2, 11, 12],
        [3, 2, 3, 3],
      ],
      { stride: 2, padding: 2, dilation: [2, 3] },
    ),
  'conv2d with stride beyond the kernel, which skips pixels': () =>
    one(
      'conv2d',
      [
        [1, 3, 8, 9],
        [2, 3, 2, 2],
      ],
      { stride: 3 },
    ),
  'conv2d of patches that do not fill the map': () =>
    one(
      'conv2d',
      [
        [2, 3, 7, 9],
        [5, 3, 2, 2],
      ],
      { stride: 2 },
    ),
  'conv2d without padding, dilated': () =>
    one(
      'conv2d',
      [
        [2, 3, 8, 7],
        [5, 3, 3, 2],
      ],
      { dilation: 2 },
    ),
  'conv2d of a padded 1×1 kernel': () =>
    one(
      'conv2d',
      [
        [1, 2, 3, 4],
        [3, 2, 1, 1],
      ],
      { padding: 1 },
    ),
  'conv2d with more padding than kernel': () =>
    one(
      'conv2d',
      [
        [1, 1, 2, 2],
        [1, 1, 2, 2],
      ],
      { padding: 3 },
    ),
  'conv2d in groups, strided': () =>
    one('conv2d', [[2, 6, 7, 6], [9, 2, 3, 3], [9]], { groups: 3, stride: 2, padding: 1 }),
  'depthwise conv2d, 3×3': () =>
    one(
      'conv2d',
      [
        [2, 3, 5, 6],
        [3, 1, 3, 3],
      ],
      { groups: 3, padding: 1 },
    ),
  'depthwise conv2d, strided, 5×3': () =>
    one('conv2d', [[2, 3, 9, 8], [3, 1, 5, 3], [3]], { groups: 3, stride: 2, padding: [2, 1] }),
  'depthwise conv2d, dilated': () =>
    one(
      'conv2d',
      [
        [1, 3, 9, 8],
        [3, 1, 3, 3],
      ],
      { groups: 3, dilation: 2, padding: 2 },
    ),
  'depthwise conv2d with two outputs a channel': () =>
    one(
      'conv2d',
      [
        [2, 3, 5, 6],
        [6, 1, 3, 3],
      ],
      { groups: 3, padding: 1 },
    ),
  'conv2d with an activation': () =>
    probe([[1, 3, 5, 5], [4, 3, 3, 3], [4]], (b, x) => [
      b.apply('silu', [b.apply('conv2d', x, { padding: 1 })]),
    ]),
  'conv_transpose2d with output padding': () =>
    one('conv_transpose2d', [[2, 3, 4, 5], [3, 4, 3, 3], [4]], { stride: 2, padding: 1, output_padding: 1 }),
  'conv_transpose2d with unequal stride': () =>
    one(
      'conv_transpose2d',
      [
        [1, 3, 4, 5],
        [3, 2, 2, 4],
      ],
      { stride: [2, 3], padding: [0, 1] },
    ),
  'conv_transpose2d of patches': () =>
    one('conv_transpose2d', [[2, 5, 3, 4], [5, 3, 2, 2], [3]], { stride: 2 }),
  'conv1d, strided and dilated': () =>
    one('conv1d', [[2, 4, 15], [6, 2, 3], [6]], { stride: 2, padding: [3, 1], dilation: 2, groups: 2 }),
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
  'many channels on a small map, split over channels': () =>
    one('conv2d', [[2, 130, 3, 5], [66, 130, 3, 3], [66]], { padding: 1 }),
  'few channels on a large map, its weight gradient split over rows': () =>
    one(
      'conv2d',
      [
        [1, 1, 70, 61],
        [5, 1, 7, 7],
      ],
      { padding: 3, stride: 2 },
    ),
  'few channels, 1×1, split over pixels': () => one('conv2d', [[2, 6, 40, 31], [3, 6, 1, 1], [3]], {}),
  'depthwise over many channels': () =>
    one('conv2d', [[2, 130, 12, 9], [130, 1, 3, 3], [130]], { padding: 1, groups: 130 }),
  'depthwise over a large map': () =>
    one('conv2d', [[1, 4, 90, 77], [4, 1, 3, 3], [4]], { padding: 1, groups: 4 }),
};

test.each(Object.entries(large))(`%s: ${deviceName} equals the reference`, async (_, make) => {
  expect(await deviceError(device(), make())).toBeLessThan(1e-5);
});

test('more than 65535 workgroups', async () => {
  // A group of its own for each channel, each a thread's tile: 32 channels a workgroup.
  const channels = 65_536 * 32 + 3;
  const p = one(
    'conv2d',
    [
      [1, channels, 1, 1],
      [channels, 1, 2, 2],
    ],
    { groups: channels, padding: 1 },
  );
  expect(await deviceError(device(), p)).toBeLessThan(1e-6);
});

const shapeOf = (op: string, shapes: Dims[], attrs: Attrs = {}) =>
  formatDims(
    ops.get(op)!.shape(
      shapes.map((dims) => ({ dims, dtype: 'f32' as const })),
      withDefaults(ops.get(op)!, attrs),
    )[0].dims,
  );

test('shape rules with a free batch', () => {
  const x = [Dim.B, ...dimsOf([4, 9, 8])];
  expect(
    shapeOf('conv2d', [x, dimsOf([6, 2, 3, 3]), dimsOf([6])], { groups: 2, stride: 2, padding: 1 }),
  ).toBe('[B, 6, 5, 4]');
  expect(shapeOf('conv_transpose2d', [x, dimsOf([4, 6, 2, 2])], { stride: 2 })).toBe('[B, 6, 18, 16]');
  expect(shapeOf('conv1d', [x.slice(0, 3), dimsOf([4, 1, 4])], { groups: 4, padding: [3, 0] })).toBe(
    '[B, 4, 9]',
  );
});

const refusals: [string, string, number[][], Attrs, RegExp][] = [
  [
    'conv2d',
    'channels',
    [
      [1, 3, 8, 8],
      [4, 5, 3, 3],
    ],
    {},
    /x has 3 channels, the weight takes 5/,
  ],
  [
    'conv2d',
    'channels in groups',
    [
      [1, 4, 8, 8],
      [4, 4, 3, 3],
    ],
    { groups: 2 },
    /takes 8 in 2 groups/,
  ],
  [
    'conv2d',
    'outputs in groups',
    [
      [1, 4, 8, 8],
      [5, 2, 3, 3],
    ],
    { groups: 2 },
    /5 output channels cannot/,
  ],
  [
    'conv2d',
    'rank',
    [
      [3, 8, 8],
      [4, 3, 3, 3],
    ],
    {},
    /needs x \[B, C, H, W\]/,
  ],
  [
    'conv2d',
    'a kernel that is too large',
    [
      [1, 3, 2, 8],
      [4, 3, 3, 3],
    ],
    {},
    /larger than the padded map along the height/,
  ],
  [
    'conv2d',
    'padding',
    [
      [1, 3, 8, 8],
      [4, 3, 3, 3],
    ],
    { padding: [1, 2, 3] },
    /padding <1, 2, 3> must be/,
  ],
  [
    'conv2d',
    'stride',
    [
      [1, 3, 8, 8],
      [4, 3, 3, 3],
    ],
    { stride: 0 },
    /stride <0, 0> must be/,
  ],
  ['conv2d', 'bias', [[1, 3, 8, 8], [4, 3, 3, 3], [3]], {}, /needs a bias \[4\], found \[3\]/],
  [
    'conv_transpose2d',
    'channels',
    [
      [1, 3, 8, 8],
      [4, 3, 2, 2],
    ],
    {},
    /x has 3 channels, the weight takes 4/,
  ],
  [
    'conv_transpose2d',
    'output padding',
    [
      [1, 4, 8, 8],
      [4, 3, 2, 2],
    ],
    { output_padding: 1 },
    /less than the stride/,
  ],
  [
    'conv1d',
    'rank',
    [
      [1, 3, 8, 8],
      [4, 3, 3],
    ],
    {},
    /needs x \[B, C, L\]/,
  ],
];

test.each(refusals)('%s refuses: %s', (op, _, shapes, attrs, message) => {
  const call = () => shapeOf(op, shapes.map(dimsOf), attrs);
  expect(call).toThrow(ShapeError);
  expect(call).toThrow(message);
});

test('macs count weights times output pixels, of a transposed convolution weights times input pixels', () => {
  const macs = (op: string, inputs: number[][], output: number[]) => ops.get(op)!.macs!(inputs, [output], {});
  expect(
    macs(
      'convolution',
      [
        [2, 4, 9, 8],
        [6, 2, 3, 3],
      ],
      [2, 6, 5, 4],
    ),
  ).toBe(2 * 5 * 4 * 6 * 2 * 9);
  expect(
    macs(
      'convolution_grad_input',
      [
        [2, 4, 5, 3],
        [4, 6, 2, 2],
      ],
      [2, 6, 10, 6],
    ),
  ).toBe(2 * 5 * 3 * 4 * 6 * 4);
});
