import { expect, test } from 'vitest';
import { differentiate } from '../autodiff/gradients.ts';
import { ops } from '../ops/index.ts';
import { GraphBuilder } from './builder.ts';
import type { Graph, ValueId } from './graph.ts';
import { printGraph } from './print.ts';
import { verifyGraph } from './verify.ts';

function small(): Graph {
  const b = new GraphBuilder(ops);
  const x = b.source('input', 'x', [2, 3]);
  const w = b.source('param', 'w', [3]);
  const y = b.apply('silu', [b.mul(x, w)]);
  b.output('y', y);
  const [g] = differentiate(b, new Map([[y, x]]), [w]);
  b.output('g', g!);
  return b.build();
}

test('a built graph is sound and prints as typed SSA', () => {
  const graph = small();
  expect(verifyGraph(graph, ops)).toEqual([]);
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "input %0: f32[2, 3] "x"
    param %1: f32[3] "w"
    %2: f32[2, 3] = mul(%0, %1)
    %3: f32[2, 3] = silu(%2)
    %4: f32[2, 3] = silu_backward(%2, %0)
    %5: f32[2, 3] = mul(%4, %0)
    %6: f32[1, 3] = sum(%5) axes=<0> keepdim=true
    %7: f32[3] = reshape(%6) shape=<3>
    output "y" = %3
    output "g" = %7
    "
  `);
});

test('what is wrong is named', () => {
  const graph = small();
  const values = graph.values.map((v) => (v.id === 3 ? { ...v, shape: [3, 2] } : v));
  expect(verifyGraph({ ...graph, values }, ops)[0]).toContain(
    'node 1 (silu) gives f32[2,3], the graph says f32[3,2]',
  );
  const swapped = { ...graph, nodes: [graph.nodes[1], graph.nodes[0], ...graph.nodes.slice(2)] };
  expect(verifyGraph(swapped, ops)[0]).toContain('uses %2 before it is defined');
  const outputs = [{ name: 'y', value: 99 as ValueId }];
  expect(verifyGraph({ ...graph, outputs }, ops)[0]).toContain('output y is %99');
});
