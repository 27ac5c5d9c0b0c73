import { beforeAll, describe, expect, test } from 'vitest';
import { kernelRenderer } from '../../src/compiler/renderer.ts';
import { GraphBuilder } from '../../src/ir/builder.ts';
import { elementCount, type Graph, type ValueId } from '../../src/ir/graph.ts';
import type { Target } from '../../src/ir/target.ts';
import { ops } from '../../src/ops/index.ts';
import { planProgram } from '../../src/plan/plan.ts';
import { useDevice } from '../device.ts';
import { relativeError } from './cases.ts';
import { runOn, runReference } from './run.ts';

const device = useDevice();
let everything: Target;
let nothing: Target;
beforeAll(() => {
  const { target } = device();
  everything = { ...target, measured: { ...target.measured, dispatch: Number.MAX_VALUE } };
  nothing = { ...target, measured: { ...target.measured, dispatch: -Number.MAX_VALUE } };
});

type Make = (b: GraphBuilder, x: ValueId, y: ValueId) => ValueId;

/** x [2, 4, 6, 8], y [4, 1, 1]; each graph, and its dispatches without prologues and with all of them. */
const cases: readonly (readonly [name: string, apart: number, folded: number, make: Make])[] = [
  ['a chain before a sum', 2, 1, (b, x, y) => b.sum(b.add(b.apply('exp', [x]), y), [1, 3])],
  ['a chain before a norm', 2, 1, (b, x) => b.apply('layer_norm', [b.affine(x, 2, 1)])],
  ['a chain before a softmax', 2, 1, (b, x) => b.apply('softmax', [b.affine(x, 2, 1)], { axis: 1 })],
  [
    'a permutation and a chain before a softmax',
    2,
    1,
    (b, x) => b.apply('softmax', [b.apply('exp', [b.permute(x, [0, 3, 1, 2])])], { axis: 2 }),
  ],
  [
    'a pad before a flip before a roll before a sum',
    4,
    1,
    (b, x) => {
      const padded = b.apply('pad', [x], { padding: [1, 2, 3, 0] });
      const flipped = b.apply('flip', [padded], { axes: [1, 3] });
      return b.sum(b.apply('roll', [flipped], { shifts: [2, -3], axes: [2, 3] }), [2]);
    },
  ],
  [
    'both parts of a split before a concat',
    2,
    2,
    (b, x) => {
      const [first, second] = b.applyAll('split', [x], { axis: 3, sizes: [3, 5] });
      return b.apply('concat', [b.permute(second, [0, 1, 2, 3]), first], { axis: 3 });
    },
  ],
  [
    'a slice before a permutation before a chain',
    2,
    1,
    (b, x, y) => {
      const part = b.apply('slice', [x], { axis: 2, start: 1, end: 5 });
      return b.add(b.permute(part, [0, 1, 3, 2]), y);
    },
  ],
  [
    'cross_scan before cross_merge',
    2,
    1,
    (b, x) => b.apply('cross_merge', [b.apply('cross_scan', [x])], { height: 6, width: 8 }),
  ],
  [
    'cross_merge before a permutation',
    2,
    1,
    (b, x) => {
      const scanned = b.reshape(x, [2, 4, 4, 12]);
      return b.permute(b.apply('cross_merge', [scanned], { height: 3, width: 4 }), [0, 2, 3, 1]);
    },
  ],
  [
    'a chain before a permutation before a chain',
    2,
    1,
    (b, x, y) => b.add(b.permute(b.apply('exp', [x]), [0, 1, 3, 2]), y),
  ],
  [
    'a sum before a slice before a permutation of four axes, and the sum itself',
    4,
    1,
    (b, x, y) => {
      const sum = b.sum(b.reshape(b.mul(x, y), [2, 2, 2, 6, 8]), [2]);
      const part = b.apply('slice', [sum], { axis: 2, start: 1, end: 5 });
      const twice = b.affine(b.permute(part, [3, 1, 0, 2]), 2);
      b.output('sum', sum);
      return twice;
    },
  ],
  [
    'a softmax before both parts of a split, one element wide and the rest',
    4,
    3,
    (b, x) => {
      const [first, rest] = b.applyAll('split', [b.apply('softmax', [x], { axis: 1 })], {
        axis: 3,
        sizes: [1, 7],
      });
      b.output('first', b.apply('exp', [first]));
      return b.permute(rest, [1, 0, 2, 3]);
    },
  ],
  [
    'a softmax before cross_scan before a chain',
    2,
    1,
    (b, x, y) => b.add(b.apply('cross_scan', [b.apply('softmax', [x], { axis: 1 })]), b.reshape(y, [4, 1])),
  ],
];

function graphOf(make: Make): Graph {
  const b = new GraphBuilder(ops);
  const x = b.source('input', 'x', [2, 4, 6, 8]);
  b.output('z', make(b, x, b.source('input', 'y', [4, 1, 1])));
  return b.build();
}

const dispatches = (graph: Graph, target: Target) =>
  planProgram({ forward: graph }, ops, kernelRenderer(), { model: 'test', batch: 1, target }).entries[
    'forward'
  ].dispatches.length;

describe('what loads compute, and what is stored elsewhere, equals what dispatches stored', () => {
  test.each(cases)('%s', async (_, apart, folded, make) => {
    const graph = graphOf(make);
    expect([dispatches(graph, nothing), dispatches(graph, everything)]).toEqual([apart, folded]);
    const feeds = Object.fromEntries(
      graph.sources.map(({ name, value }) => [
        name,
        Float32Array.from({ length: elementCount(graph.values[value].shape) }, (_, i) => Math.sin(1.3 * i)),
      ]),
    );
    const wanted = runReference(graph, feeds);
    for (const target of [nothing, everything]) {
      for (const [name, found] of await runOn(device(), graph, feeds, target))
        expect(relativeError(found, wanted.get(name)!), name).toBeLessThan(1e-5);
    }
  });
});
