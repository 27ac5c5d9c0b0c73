import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../ir/builder.ts';
import type { Attrs, Graph } from '../ir/graph.ts';
import type { Target } from '../ir/target.ts';
import { ops } from '../ops/index.ts';
import { candidatesOf, chooseKernels } from '../plan/candidates.ts';
import { PlanError } from '../plan/plan-error.ts';
import { ranked } from './choose.ts';
import { kernels } from './index.ts';
import { namedTarget, portableTarget } from './targets.ts';

test('the ops that say they have kernels are those of the table', () => {
  const withKernels = [...ops.values()].filter(
    (op) => op.kind === 'primitive' && op.lowering.kind === 'kernels',
  );
  expect([...kernels.keys()].sort()).toEqual(withKernels.map((op) => op.name).sort());
});

test('every variant says how it computes', () => {
  for (const [op, { variants }] of kernels) {
    expect(Object.keys(variants), op).not.toEqual([]);
    for (const doc of Object.values(variants)) expect(doc, op).toMatch(/^[A-Z].*[^.]\.$/);
  }
});

function graphOf(op: string, shapes: number[][], attrs: Attrs = {}): Graph {
  const b = new GraphBuilder(ops);
  const inputs = shapes.map((shape, i) => b.source('input', `x${i}`, shape));
  b.output('y', b.applyAll(op, inputs, attrs)[0]);
  return b.build();
}

describe('the choice', () => {
  const map = [1, 96, 80, 80];
  const row = [1, 384, 400];
  const shared = [1, 4, 16, 400];
  test.each<[string, Graph]>([
    [
      'product',
      graphOf('matmul', [
        [1024, 1024],
        [1024, 1024],
      ]),
    ],
    [
      'convolution',
      graphOf(
        'conv2d',
        [
          [1, 128, 80, 80],
          [128, 128, 3, 3],
        ],
        { padding: 1 },
      ),
    ],
    ['norm', graphOf('layer_norm', [[1, 300, 256]])],
    ['scan', graphOf('selective_scan', [row, row, [384, 16], shared, shared, [384], [384]])],
  ])('of a %s differs between targets', (_, graph) => {
    const node = graph.nodes.find((n) => Object.keys(kernels.get(n.op)?.variants ?? {}).length > 1)!;
    const chosen = (name: string) => chooseKernels(graph, ops, namedTarget(name))(node).name;
    expect(chosen('lavapipe')).not.toBe(chosen('amd-rdna3'));
  });

  test('is the cheapest that fits, of equals the first by name', () => {
    const candidate = (name: string, cost: number, shared = 0) => ({
      name,
      cost,
      needs: { limits: { maxComputeWorkgroupStorageSize: shared } },
      calls: () => [],
    });
    const all = [candidate('c', 1), candidate('b', 1), candidate('a', 2), candidate('big', 0, 1e9)];
    const order = ranked(all, portableTarget);
    expect(order.map((r) => r.candidate.name)).toEqual(['b', 'c', 'a', 'big']);
  });

  test('of a variant that the target lacks something for is refused with both numbers', () => {
    const graph = graphOf('conv2d', [map, [96, 96, 3, 3]], { padding: 1 });
    const node = graph.nodes.find((n) => n.op === 'convolution')!;
    const small: Target = {
      ...portableTarget,
      name: 'small',
      limits: { ...portableTarget.limits, maxComputeWorkgroupStorageSize: 1000 },
    };
    const forced = new Map([['convolution', 'workgroup-tiles']]);
    const choose = () => chooseKernels(graph, ops, small, forced)(node);
    expect(choose).toThrow(PlanError);
    expect(choose).toThrow(
      /convolution.*workgroup-tiles.*maxComputeWorkgroupStorageSize 8192, small offers 1000/,
    );
    expect(candidatesOf(graph, ops, small, node)[0].candidate.name).toBe('register-tiles');
  });
});
