import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AcquiredDevice, acquireDevice } from '../../src/adapter/acquire.ts';
import { deviceTarget } from '../../src/backend/device-target.ts';
import type { Attrs } from '../../src/ir/graph.ts';
import { deviceError, type Probe, probe } from '../ops/check.ts';
import { rounds } from './forced.ts';

// Every variant at sizes that no tile divides, forward and gradients, against float64.

let device: AcquiredDevice;
beforeAll(async () => {
  device = await acquireDevice();
});
afterAll(() => device?.destroy());

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

const probes: Record<string, () => Probe> = {
  'a product read one by one': () => product('m k, k n -> m n', [131, 37], [37, 67]),
  'a product whose terms lie side by side': () => product('m k, n k -> m n', [70, 148], [66, 148]),
  'a product whose rows lie side by side': () => product('b k m, b k n -> b m n', [2, 35, 68], [2, 35, 72]),
  'a product over three axes that lie apart': () =>
    product('a k b l c m, k l m d -> a b c d', [3, 3, 5, 2, 5, 3], [3, 2, 3, 6]),
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
  'a scan of 5 states': () => scan({ batch: 2, groups: 3, depth: 7, states: 5, length: 37 }),
  'a scan of 16 states': () => scan({ batch: 1, groups: 1, depth: 35, states: 16, length: 131 }),
  'layer norm': () => one('layer_norm', [[3, 5, 67], [67], [67]]),
  'layer norm of long rows': () => one('layer_norm', [[3, 1031], [1031], [1031]]),
  'group norm': () => one('group_norm', [[2, 6, 19, 17], [6], [6]], { groups: 3 }),
  'batch norm': () => one('batch_norm', [[3, 5, 7, 9], [5], [5]]),
};

test.each(Object.entries(probes))('%s', async (_, make) => {
  const p = make();
  const all = rounds(p.graph, deviceTarget(device));
  expect(all.length).toBeGreaterThan(1);
  for (const forced of all) {
    expect(await deviceError(device, p, {}, forced), JSON.stringify([...forced])).toBeLessThan(2e-5);
  }
});
