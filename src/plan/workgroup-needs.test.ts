import { expect, test } from 'vitest';
import { kernelRenderer } from '../compiler/renderer.ts';
import { GraphBuilder } from '../ir/builder.ts';
import type { Graph } from '../ir/graph.ts';
import { namedTarget } from '../kernels/targets.ts';
import { ops } from '../ops/index.ts';
import { candidatesOf } from './candidates.ts';
import { planProgram } from './plan.ts';
import { workgroupNeeds } from './workgroup-needs.ts';

const target = namedTarget('nvidia');

/** What a program of one op's variant requires of workgroups. */
function required(graph: Graph, kernels: ReadonlyMap<string, string>) {
  const options = { model: 'test', batch: 1, target, kernels };
  const { requires } = planProgram({ forward: graph }, ops, kernelRenderer(), options);
  return [requires.maxComputeInvocationsPerWorkgroup, requires.maxComputeWorkgroupStorageSize];
}

function graphOf(op: string, shapes: readonly (readonly number[])[], attrs = {}): Graph {
  const b = new GraphBuilder(ops);
  const inputs = shapes.map((shape, k) => b.source('input', `x${k}`, shape));
  b.output('y', b.applyAll(op, inputs, attrs)[0]);
  return b.build();
}

test('a program requires what its kernels take of workgroups, not what its target offers', () => {
  const product = graphOf(
    'einsum',
    [
      [128, 64],
      [64, 128],
    ],
    { equation: 'a b, b c -> a c' },
  );
  const rows = graphOf('layer_norm', [[8, 20000]]);
  const [u, a, bc, d] = [[1, 4, 64], [4, 16], [1, 1, 16, 64], [4]];
  const scan = graphOf('selective_scan', [u, u, a, bc, bc, d, d]);
  for (const [graph, variant] of [
    [product, 'workgroup-tiles'],
    [rows, 'shared-rows'],
    [scan, 'state-lanes'],
  ] as const) {
    const [node] = graph.nodes;
    const { needs } = candidatesOf(graph, ops, target, node).find(
      (c) => c.candidate.name === variant,
    )!.candidate;
    const { maxComputeInvocationsPerWorkgroup: threads, maxComputeWorkgroupStorageSize: bytes } =
      needs.limits!;
    const [taken, memory] = required(graph, new Map([[node.op, variant]]));
    expect(taken, variant).toBe(threads);
    // Every variable takes a multiple of 16 bytes.
    expect(memory - bytes!, variant).toBeGreaterThanOrEqual(0);
    expect(memory - bytes!, variant).toBeLessThan(48);
  }
  expect(required(graphOf('silu', [[1000]]), new Map())).toEqual([target.measured.workgroup, 0]);
});

test('workgroup memory is counted as WebGPU does', () => {
  const kernel = (...lines: string[]) =>
    [...lines, '@compute @workgroup_size(32)', 'fn main() {}'].join('\n');
  expect(workgroupNeeds(kernel())).toEqual({ threads: 32, bytes: 0 });
  expect(workgroupNeeds(kernel('var<workgroup> a: f32;', 'var<workgroup> b: array<f32, 5>;')).bytes).toBe(48);
  const nested = ['const N = 8u;', 'var<workgroup> c: array<array<vec2<f32>, N>, 64u / N>;'];
  expect(workgroupNeeds(kernel(...nested)).bytes).toBe(512);
  expect(() => workgroupNeeds(kernel('var<workgroup> a: array<f32, M>;'))).toThrow(/"M" is no constant/);
  expect(() => workgroupNeeds(kernel('var<workgroup> a: mat2x2<f32>;'))).toThrow(/mat2x2<f32>/);
  expect(() => workgroupNeeds('fn main() {}')).toThrow(/how many threads/);
});
