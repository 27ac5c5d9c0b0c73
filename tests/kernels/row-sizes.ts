import type { GraphBuilder } from '../../src/ir/builder.ts';
import type { Attrs, ValueId } from '../../src/ir/graph.ts';
import { type Probe, probe } from '../ops/check.ts';

const one = (op: string, shapes: number[][], attrs: Attrs = {}) =>
  probe(shapes, (b, inputs) => b.applyAll(op, inputs, attrs).slice(0, 1));
/** Between chains, whose other operands are rows that repeat. */
const chained = (op: string, shape: number[], attrs: Attrs, last: number) =>
  probe([shape, [shape[shape.length - 1]], [last]], (b, [x, w, bias]) => [
    b.add(b.apply('silu', [b.apply(op, [b.mul(x, w)], attrs)]), bias),
  ]);
const chain = (shapes: number[][], build: (b: GraphBuilder, x: ValueId[]) => ValueId) =>
  probe(shapes, (b, x) => [build(b, x)]);

/** Ops that are bound by memory, at sizes that no vector and no block divides; forward and gradients, against float64. */
export const rowSizes: Readonly<Record<string, () => Probe>> = {
  'a chain with operands of rows, of planes, of samples, of one number': () =>
    chain([[3, 5, 7, 13], [13], [5, 1, 1], [3, 1, 1, 1], []], (b, [x, w, c, s, n]) =>
      b.mul(b.add(b.mul(b.add(x, w), c), s), n),
    ),
  'a chain with operands that repeat in the middle': () =>
    chain(
      [
        [4, 3, 49, 9],
        [3, 49, 9],
        [4, 1, 49, 1],
      ],
      (b, [x, m, r]) => b.mul(b.add(x, m), r),
    ),
  'a long chain': () =>
    chain(
      [
        [2, 3, 1201],
        [3, 1],
      ],
      (b, [x, c]) => b.apply('gelu', [b.add(x, c)]),
    ),
  'a matrix turned over': () => one('permute', [[37, 83]], { axes: [1, 0] }),
  'a matrix of long rows turned over': () => one('permute', [[5, 2049]], { axes: [1, 0] }),
  'a matrix of short rows turned over': () => one('permute', [[2049, 5]], { axes: [1, 0] }),
  'a matrix turned over between chains': () => chained('permute', [19, 23], { axes: [1, 0] }, 19),
  'planes to channels last': () => one('permute', [[2, 21, 6, 7]], { axes: [0, 2, 3, 1] }),
  'all axes backwards': () => one('permute', [[3, 4, 5, 6]], { axes: [3, 2, 1, 0] }),
  heads: () => one('permute', [[3, 17, 2, 9]], { axes: [0, 2, 1, 3] }),
  patches: () => one('permute', [[5, 6, 2, 7, 2]], { axes: [1, 3, 0, 2, 4] }),
  'columns of rows': () => one('slice', [[13, 29]], { axis: 1, start: 3, end: 22 }),
  'rows of a batch between chains': () => chained('slice', [3, 11, 9], { axis: 1, start: 2, end: 9 }, 9),
  'zeros around planes': () => one('pad', [[2, 3, 7, 9]], { padding: [1, 2, 3, 0] }),
  'zeros around planes between chains': () => chained('pad', [2, 3, 7, 9], { padding: [0, 0, 2, 1] }, 12),
  'rolled planes': () => one('roll', [[2, 7, 9, 5]], { shifts: [-3, 4], axes: [1, 2] }),
  'rolled rows': () => one('roll', [[3, 31]], { shifts: [-5], axes: [1] }),
  'flipped planes': () => one('flip', [[2, 5, 7]], { axes: [1, 2] }),
  'rows joined': () =>
    probe(
      [
        [7, 5],
        [7, 9],
        [7, 2],
      ],
      (b, x) => [b.apply('silu', [b.apply('concat', x, { axis: 1 })])],
    ),
  'channels joined': () =>
    probe(
      [
        [2, 3, 35],
        [2, 5, 35],
      ],
      (b, x) => [b.apply('concat', x, { axis: 1 })],
    ),
  'rows cut apart': () => probe([[11, 21]], (b, x) => b.applyAll('split', x, { axis: 1, sizes: [4, 13, 4] })),
  'layer norm': () => one('layer_norm', [[3, 35, 67], [67], [67]]),
  'layer norm of many rows': () => one('layer_norm', [[403, 21], [21], [21]]),
  'layer norm between chains': () => chained('layer_norm', [5, 7, 33], {}, 33),
  'layer norm of long rows': () => one('layer_norm', [[3, 1031], [1031], [1031]]),
  'instance norm': () => one('instance_norm', [[2, 3, 13, 17], [3], [3]]),
  'instance norm of tiny planes': () => one('instance_norm', [[2, 9, 2, 3], [9], [9]]),
  'group norm': () => one('group_norm', [[2, 6, 19, 17], [6], [6]], { groups: 3 }),
  'batch norm': () => one('batch_norm', [[3, 5, 7, 9], [5], [5]]),
  'softmax of rows': () => one('softmax', [[6, 4, 49]]),
  'softmax of short rows': () => one('softmax', [[11, 3]]),
  'softmax of columns': () => one('softmax', [[3, 7, 18]], { axis: 1 }),
  'sums of rows': () => one('sum', [[7, 5, 83]], { axes: [2] }),
  'sums of columns': () => one('sum', [[1207, 43]], { axes: [0] }),
  'sums of few columns': () => one('sum', [[1207, 5]], { axes: [0] }),
  'sums of planes': () => one('sum', [[3, 7, 11, 13]], { axes: [0, 2, 3] }),
  'sums around the middle': () => one('sum', [[5, 6, 7, 18]], { axes: [0, 2] }),
  'a long sum': () => one('sum', [[70001]], { axes: [0] }),
  'bilinear upsampling by 2': () => one('upsample', [[2, 3, 5, 13]], { factor: 2, mode: 'bilinear' }),
  'bilinear upsampling by 3': () => one('upsample', [[1, 2, 5, 11]], { factor: 3, mode: 'bilinear' }),
  'nearest upsampling by 2': () => one('upsample', [[2, 3, 5, 13]], { factor: 2 }),
  'a mask of rolled windows': () =>
    probe([[6, 1, 20, 20]], (b, [x]) => [
      b.add(x, b.apply('window_mask', [], { height: 8, width: 15, window: [4, 5], shift: [2, 2] })),
    ]),
  'max pooling': () => one('max_pool2d', [[2, 3, 14, 38]], { kernel_size: 2 }),
  'mean pooling': () => one('avg_pool2d', [[2, 3, 13, 19]], { kernel_size: 3, stride: 2, padding: 1 }),
};
