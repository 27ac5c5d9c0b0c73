import { expect, test } from 'vitest';
import { useDevice } from '../../tests/device.ts';
import { relativeError } from '../../tests/ops/cases.ts';
import { runOn, runReference } from '../../tests/ops/run.ts';
import { GraphBuilder } from '../ir/builder.ts';
import { elementCount, type Graph } from '../ir/graph.ts';
import { portableTarget } from '../kernels/targets.ts';
import { ops } from '../ops/index.ts';
import { planUnits } from './fuse.ts';
import { addLate } from './late-sums.ts';
import { findViews } from './views.ts';

const device = useDevice();

/** Sums of each kind that is split, packed with a value that is not a sum. */
function gradients(alsoWanted: boolean): Graph {
  const b = new GraphBuilder(ops);
  const x = b.source('input', 'x', [40, 30, 24]);
  const dy = b.source('input', 'dy', [40, 30, 24]);
  const weight = b.source('input', 'weight', [24]);
  const [, stats] = b.applyAll('layer_norm_with_stats', [x, weight, weight]);
  const [, dw, db] = b.applyAll('layer_norm_backward', [dy, x, stats, weight]);
  const product = b.einsum('a b c, a b d -> c d', x, dy);
  const total = b.sum(b.apply('silu', [x]), [0, 1]);
  const other = b.einsum('a b c, a b c -> c', x, dy);
  const parts = [b.reshape(dw, [4, 6]), product, b.apply('silu', [weight]), total, db, other];
  const pack = b.apply('pack', parts);
  b.output('norm2', b.apply('sum_squares', [pack]));
  b.output('packed', b.affine(pack, 1));
  if (alsoWanted) b.output('product', product);
  return b.build();
}

function late(graph: Graph) {
  const views = findViews(graph, ops);
  return addLate(graph, planUnits(graph, ops, views, portableTarget), views, portableTarget);
}

const templates = (graph: Graph) => late(graph).units.flatMap((u) => u.calls.map((c) => c.template));

test('sums that are only packed are added up in one dispatch, before the pack is read', () => {
  const all = templates(gradients(false));
  expect(all.filter((t) => ['sum_parts', 'affine_gradients'].includes(t))).toEqual([]);
  expect(all.filter((t) => t === 'sum_pieces')).toHaveLength(1);
  expect(all.indexOf('sum_pieces')).toBeLessThan(all.indexOf('sum_squares'));
  const [group] = late(gradients(false)).groups;
  expect(group.parts).toHaveLength(4);
});

test('what something else reads is added up at once', () => {
  expect(templates(gradients(true)).filter((t) => t === 'sum_parts')).toHaveLength(1);
});

test.each([false, true])(
  'the sums are those of the reference (one of them also an output: %s)',
  async (also) => {
    const graph = gradients(also);
    const value = (i: number) => Math.fround(Math.sin(12.9898 * i) * 2);
    const feeds = Object.fromEntries(
      graph.sources.map(({ name, value: v }, k) => {
        const n = elementCount(graph.values[v].shape);
        return [name, Float32Array.from({ length: n }, (_, i) => value(i + 1000 * k))];
      }),
    );
    const wanted = runReference(graph, feeds);
    for (const [name, found] of await runOn(device(), graph, feeds))
      expect(relativeError(found, wanted.get(name)!)).toBeLessThan(1e-5);
  },
);

test('of many large sums no more than 16 MiB wait', () => {
  const b = new GraphBuilder(ops);
  const x = b.source('input', 'x', [8192, 192]);
  const ys = Array.from({ length: 160 }, (_, i) => b.source('input', `y${i}`, [8192, 192]));
  const pack = b.apply(
    'pack',
    ys.map((y) => b.einsum('k m, k n -> m n', x, y)),
  );
  b.output('norm2', b.apply('sum_squares', [pack]));
  const { groups, units } = late(b.build());
  expect(groups.length).toBeGreaterThan(1);
  for (const { whole } of groups) expect(4 * elementCount(whole.shape)).toBeLessThanOrEqual(16 * 2 ** 20);
  const all = units.flatMap((u) => u.calls.map((c) => c.template));
  expect(all.filter((t) => t === 'sum_pieces')).toHaveLength(groups.length);
  expect(all).not.toContain('sum_parts');
  // The first are added up before the last are computed.
  expect(all.indexOf('sum_pieces')).toBeLessThan(all.lastIndexOf('gemm'));
});
