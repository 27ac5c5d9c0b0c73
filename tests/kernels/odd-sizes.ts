import type { Attrs } from '../../src/ir/graph.ts';
import { type Probe, probe } from '../ops/check.ts';

const one = (op: string, shapes: number[][], attrs: Attrs = {}) =>
  probe(shapes, (b, inputs) => b.applyAll(op, inputs, attrs).slice(0, 1));
const product = (equation: string, a: number[], b: number[]) => one('einsum', [a, b], { equation });

interface Scan {
  readonly batch: number;
  readonly groups: number;
  readonly depth: number;
  readonly states: number;
  readonly length: number;
}

function scan({ batch, groups, depth, states, length }: Scan): Probe {
  const [row, shared, channels] = [
    [batch, groups * depth, length],
    [batch, groups, states, length],
    [groups * depth],
  ];
  return one('selective_scan', [row, row, [...channels, states], shared, shared, channels, channels]);
}

/** Ops that have several variants, at sizes that no tile divides; forward and gradients, against float64. */
export const oddSizes: Readonly<Record<string, () => Probe>> = {
  'a product read one by one': () => product('m k, k n -> m n', [131, 37], [37, 67]),
  'a product whose terms lie side by side': () => product('m k, n k -> m n', [70, 148], [66, 148]),
  'a product whose rows lie side by side': () => product('b k m, b k n -> b m n', [2, 35, 68], [2, 35, 72]),
  'a product over three axes that lie apart': () =>
    product('a k b l c m, k l m d -> a b c d', [3, 3, 5, 2, 5, 3], [3, 2, 3, 6]),
  'a product of few columns': () => product('m k, k n -> m n', [70, 6], [6, 22]),
  'a product of one column and a half': () => product('m k, n k -> m n', [23, 9], [11, 9]),
  'batches of windows': () => product('b h m k, b h n k -> b h m n', [19, 3, 49, 32], [19, 3, 49, 32]),
  'windows whose heads lie side by side': () =>
    product('b m h k, b n h k -> b h m n', [5, 49, 3, 8], [5, 49, 3, 8]),
  'a product of pixels': () => product('m k, b k p -> b m p', [22, 37], [2, 37, 196]),
  'a sum over batches and rows': () => product('b m k, b n k -> m n', [3, 9, 407], [3, 24, 407]),
  'a long sum of rows that lie side by side': () => product('k m, k n -> m n', [1300, 36], [1300, 52]),
  'a long sum in parts': () => product('m k, n k -> m n', [9, 4001], [5, 4001]),
  'a convolution': () =>
    one(
      'conv2d',
      [
        [2, 18, 11, 13],
        [70, 18, 3, 3],
      ],
      { padding: 1 },
    ),
  'a convolution with strides': () =>
    one(
      'conv2d',
      [
        [1, 5, 23, 21],
        [66, 5, 3, 5],
      ],
      { padding: [1, 2], stride: [2, 3], dilation: [2, 1] },
    ),
  'a convolution in groups': () =>
    one(
      'conv2d',
      [
        [2, 36, 9, 7],
        [140, 18, 3, 3],
      ],
      { padding: 1, groups: 2 },
    ),
  'a convolution of many channels of few pixels': () =>
    one(
      'conv2d',
      [
        [1, 300, 3, 5],
        [20, 300, 3, 3],
      ],
      { padding: 1 },
    ),
  'a convolution of single pixels': () =>
    one('conv2d', [
      [2, 21, 8, 9],
      [26, 21, 1, 1],
    ]),
  'a scan of 5 states': () => scan({ batch: 2, groups: 3, depth: 7, states: 5, length: 37 }),
  'a scan of 16 states': () => scan({ batch: 1, groups: 1, depth: 35, states: 16, length: 131 }),
  'layer norm': () => one('layer_norm', [[3, 5, 67], [67], [67]]),
  'layer norm of long rows': () => one('layer_norm', [[3, 1031], [1031], [1031]]),
  'group norm': () => one('group_norm', [[2, 6, 19, 17], [6], [6]], { groups: 3 }),
  'batch norm': () => one('batch_norm', [[3, 5, 7, 9], [5], [5]]),
};
