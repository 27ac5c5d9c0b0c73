import { expect, test } from 'vitest';
import { GraphBuilder } from '../ir/builder.ts';
import type { Graph } from '../ir/graph.ts';
import { verifyGraph } from '../ir/verify.ts';
import { portableTarget } from '../kernels/targets.ts';
import { ops } from '../ops/index.ts';
import { ownMemory } from './own-memory.ts';

const context = { ops, target: portableTarget };

/** Each node as `op(operands)`, sources by name. */
function nodesOf(graph: Graph): string[] {
  const names = new Map(graph.sources.map((s) => [s.value, s.name]));
  return graph.nodes.map((n) => {
    n.outputs.forEach((v) => {
      names.set(v, `${n.op}${graph.nodes.indexOf(n)}`);
    });
    return `${n.op}(${n.inputs.map((v) => names.get(v)).join(', ')})`;
  });
}

test('what is packed twice, and sources that are packed as gradients, are copied', () => {
  const b = new GraphBuilder(ops);
  const x = b.source('input', 'x', [8]);
  const y = b.apply('silu', [x]);
  const pack = b.apply('pack', [y, b.reshape(x, [2, 4]), b.reshape(y, [4, 2]), x]);
  b.output('packed', pack);
  const after = ownMemory.run(b.build(), context);
  expect(verifyGraph(after, ops)).toEqual([]);
  expect(nodesOf(after)).toEqual([
    'detach(x)',
    'silu(x)',
    'reshape(x)',
    'detach(reshape2)',
    'reshape(silu1)',
    'detach(reshape4)',
    'pack(silu1, detach3, detach5, detach0)',
  ]);
  expect(ownMemory.run(after, context)).toBe(after);
});

test('what is overwritten may be packed; who wants it as it was has a copy from the start', () => {
  const b = new GraphBuilder(ops);
  const w = b.source('buffer', 'w', [8]);
  const u = b.source('buffer', 'u', [8]);
  const x = b.source('input', 'x', [8]);
  const one = b.source('input', 'norm2', []);
  const packed = b.apply('pack', [w]);
  const step = b.apply('buffer_step', [packed, b.apply('pack', [b.affine(x, 2)]), one, one]);
  b.update([w], step);
  // u becomes w as it was before the step.
  const second = b.apply('buffer_step', [b.apply('pack', [u]), b.apply('pack', [w]), one, one]);
  b.update([u], second);
  b.output('w', w);
  const after = ownMemory.run(b.build(), context);
  expect(verifyGraph(after, ops)).toEqual([]);
  expect(nodesOf(after)).toEqual([
    'detach(w)',
    'detach(w)',
    'pack(w)',
    'affine(x)',
    'pack(affine3)',
    'buffer_step(pack2, pack4, norm2, norm2)',
    'pack(u)',
    'pack(detach0)',
    'buffer_step(pack6, pack7, norm2, norm2)',
  ]);
  expect(after.outputs[0].value).toBe(after.nodes[1].outputs[0]);
});

test('sources that nothing overwrites are packed where they lie, unless they lie in another order', () => {
  const b = new GraphBuilder(ops);
  const [u, v] = [b.source('param', 'u', [8]), b.source('param', 'v', [8])];
  const x = b.source('input', 'x', [8]);
  b.output('uv', b.affine(b.apply('pack', [u, v]), 2));
  b.output('vu', b.affine(b.apply('pack', [v, u]), 2));
  b.output('ux', b.affine(b.apply('pack', [x, b.source('param', 'w', [8])]), 2));
  const after = ownMemory.run(b.build(), context);
  expect(verifyGraph(after, ops)).toEqual([]);
  expect(nodesOf(after).filter((node) => /^(pack|detach)/.test(node))).toEqual([
    'detach(u)',
    'detach(v)',
    'detach(x)',
    'detach(w)',
    'pack(u, v)',
    'pack(detach1, detach0)',
    'pack(detach2, detach3)',
  ]);
});
