import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openModel } from '../files/open.ts';
import { moduleGraph } from './module-graph.ts';

const spec = fileURLToPath(new URL('../../tests/fixtures/cli/skips.arch', import.meta.url));

function drawn(depth: number, set: Record<string, string> = {}) {
  const graph = moduleGraph(openModel(spec, { set }), depth);
  const names = new Map(graph.boxes.map((b) => [b.id, b.group ? `${b.group}/${b.name}` : b.name]));
  return {
    ...graph,
    names: [...names.values()].sort(),
    arrows: graph.edges.map((e) => `${names.get(e.from)} -> ${names.get(e.to)} ${e.shape.join('×')}`).sort(),
  };
}

describe('moduleGraph', () => {
  it('has the parts of the model at depth 1, and the ops between them', () => {
    const { arrows, groups, boxes, title, params } = drawn(1);
    expect(groups).toEqual([]);
    expect(title).toBe('Skips');
    expect(params).toBe(504);
    expect(arrows).toEqual([
      'body -> concat 1×4×8×8',
      'concat -> head 1×8×8×8',
      'head -> mul 1×2×8×8',
      'image -> stem 1×1×8×8',
      // Reordering is part of the arrow, which has the shape that arrives.
      'mul -> last 1×8×8×2',
      'mul -> logits 1×2×8×8',
      'stem -> body 1×4×8×8',
      'stem -> concat 1×4×8×8',
    ]);
    const of = (name: string) => boxes.find((b) => b.name === name);
    expect(of('body')).toMatchObject({ kind: 'module', block: 'Body', params: 444, shape: [1, 4, 8, 8] });
    // The model's own weight belongs to the op that uses it, also by way of another op.
    expect(of('mul')).toMatchObject({ kind: 'op', params: 2 });
  });

  it('joins a chain of equal blocks', () => {
    const { arrows, groups, boxes } = drawn(2);
    expect(groups).toEqual([{ id: 'body', name: 'body', block: 'Body', params: 444, parent: undefined }]);
    const chain = boxes.filter((b) => b.group === 'body');
    expect(chain).toMatchObject([{ name: 'blocks.0 … blocks.2 (3×)', block: 'Residual', params: 444 }]);
    expect(arrows).toContain('stem -> body/blocks.0 … blocks.2 (3×) 1×4×8×8');
    expect(arrows).toContain('body/blocks.0 … blocks.2 (3×) -> concat 1×4×8×8');
    expect(arrows).toHaveLength(8);
  });

  it('opens every module when asked', () => {
    const { arrows, groups } = drawn(9, { depth: '1' });
    expect(groups.map((g) => [g.id, g.name, g.parent])).toEqual([
      ['body', 'body', undefined],
      ['body.blocks.0', 'blocks.0', 'body'],
    ]);
    expect(arrows).toEqual(
      expect.arrayContaining([
        'stem -> body.blocks.0/conv 1×4×8×8',
        'stem -> body.blocks.0/add 1×4×8×8',
        'body.blocks.0/conv -> body.blocks.0/add 1×4×8×8',
        'body.blocks.0/add -> concat 1×4×8×8',
      ]),
    );
  });

  it('is one box at depth 0', () => {
    expect(drawn(0).names).toEqual(['Skips', 'image', 'last', 'logits']);
    expect(drawn(0).arrows).toHaveLength(3);
  });
});
