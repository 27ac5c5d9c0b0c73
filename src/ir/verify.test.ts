import { describe, expect, test } from 'vitest';
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

describe('what an op changes in place', () => {
  const stepped = (then: (b: GraphBuilder, w: ValueId, step: ValueId) => void) => {
    const b = new GraphBuilder(ops);
    const w = b.source('buffer', 'w', [64]);
    const x = b.source('input', 'x', [64]);
    const norm2 = b.source('input', 'norm2', []);
    const step = b.apply('buffer_step', [b.apply('pack', [w]), x, norm2, norm2]);
    then(b, w, step);
    return b.build();
  };
  const placed = (graph: Graph) => verifyGraph(graph, ops, { placed: true });

  test('may be read as it is now, and be what an update gives another source', () => {
    const graph = stepped((b, w, step) => {
      b.update([w], step);
      b.output('y', b.apply('silu', [step]));
      b.update([b.source('buffer', 'before', [64])], w);
    });
    expect(placed(graph)).toEqual([]);
  });

  test.each<[string, RegExp, (b: GraphBuilder, w: ValueId, step: ValueId) => void]>([
    [
      'itself',
      /node 2 \(silu\) reads %0, whose memory node 1 \(buffer_step\)/,
      (b, w) => b.apply('silu', [w]),
    ],
    [
      'a view of a part of it',
      /node 4 \(silu\) reads %6, whose memory node 1/,
      (b, w) => b.apply('silu', [b.reshape(b.apply('part', [w], { axis: 0, start: 1, end: 3 }), [2, 1])]),
    ],
    ['a pack of it', /node 3 \(silu\) reads/, (b, w) => b.apply('silu', [b.apply('pack', [w])])],
    ['it as a result', /output was is %0, whose memory node 1/, (b, w) => b.output('was', w)],
  ])('may not be read as it was: %s', (_what, message, then) => {
    const graph = stepped((b, w, step) => {
      b.update([w], step);
      then(b, w, step);
    });
    expect(verifyGraph(graph, ops)).toEqual([]);
    expect(placed(graph)).toEqual([expect.stringMatching(message)]);
  });

  test('is not read beside that, nor changed twice, nor a source that stays', () => {
    const b = new GraphBuilder(ops);
    const w = b.source('buffer', 'w', [64]);
    const norm2 = b.source('input', 'norm2', []);
    b.apply('buffer_step', [w, w, norm2, norm2]);
    b.apply('buffer_step', [w, b.source('input', 'x', [64]), norm2, norm2]);
    expect(placed(b.build())).toEqual([
      'node 0 (buffer_step) overwrites the source w, which no update sets',
      'node 0 (buffer_step) reads %0, whose memory node 0 (buffer_step) has overwritten',
      'node 1 (buffer_step) reads %0, whose memory node 0 (buffer_step) has overwritten',
      'node 1 (buffer_step) overwrites the source w, which no update sets',
    ]);
  });

  test('computed values neither, not as an update', () => {
    const b = new GraphBuilder(ops);
    const norm2 = b.source('input', 'norm2', []);
    const y = b.apply('silu', [b.source('input', 'x', [64])]);
    b.output('z', b.apply('buffer_step', [y, b.source('input', 'next', [64]), norm2, norm2]));
    b.update([b.source('carry', 'y', [64])], y);
    expect(placed(b.build())).toEqual([
      'an update gives %5 %2, whose memory node 1 (buffer_step) has overwritten',
    ]);
  });
});
