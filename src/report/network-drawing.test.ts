import { describe, expect, it } from 'vitest';
import {
  type DrawnBox,
  escapeXml,
  type NetworkDescription,
  networkDrawing,
  textWidth,
} from './network-drawing.ts';
import { layoutNetwork, type Rectangle, type XY } from './network-layout.ts';

const box = (id: string, more: Partial<DrawnBox> = {}): DrawnBox => ({
  id,
  kind: 'module',
  name: id,
  block: 'Conv2d',
  shape: [1, 8, 4, 4],
  params: 22_119_840,
  group: undefined,
  ...more,
});
const arrow = (from: string, to: string) => ({ from, to, shape: [1, 8, 4, 4] });
const net: NetworkDescription = {
  title: 'Net',
  params: 44_239_680,
  boxes: [
    box('x', { kind: 'input', block: '', params: 0, shape: [1, 1, 8, 8] }),
    box('a', { group: 'in a group whose name is longer than any box' }),
    box('b', { block: 'Linear' }),
    box('+', { kind: 'op', name: 'concat', block: '', params: 0 }),
    box('y', { kind: 'output', block: '', params: 0 }),
  ],
  groups: [
    {
      id: 'in a group whose name is longer than any box',
      name: 'in a group whose name is longer than any box',
      block: 'Body',
      params: 22_119_840,
      parent: undefined,
    },
  ],
  edges: [arrow('x', 'a'), arrow('a', 'b'), arrow('b', '+'), arrow('a', '+'), arrow('+', 'y')],
};

describe('networkDrawing', () => {
  const svg = networkDrawing(net);

  it('shows names, block types, shapes and parameters', () => {
    const texts = [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
    expect(texts[0]).toBe('Net: 44,239,680 parameters');
    for (const text of ['a', 'Conv2d', '1×8×4×4 · 22.1M params', 'concat', 'Linear', '1×1×8×8']) {
      expect(texts).toContain(text);
    }
    expect(texts).toContain('in a group whose name is longer than any box · Body · 22.1M params');
    expect(texts.filter((t) => t === '1×8×4×4')).toHaveLength(net.edges.length + 1);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('marks the skip connection', () => {
    expect(svg.match(/marker-end="url\(#arrow0\)"/g)).toHaveLength(4);
    expect(svg.match(/marker-end="url\(#arrow1\)"/g)).toHaveLength(1);
  });

  it('gives the same text each time', () => {
    expect(networkDrawing(structuredClone(net))).toBe(svg);
  });

  it('stays XML whatever the names are', () => {
    const name = `<b a="1">&'\u0000\ud800]]>`;
    const odd = networkDrawing({
      ...net,
      title: name,
      boxes: net.boxes.map((b) => ({ ...b, name, block: name })),
    });
    expect(odd).toContain('&lt;b a=&quot;1&quot;&gt;&amp;&#39;\ufffd\ufffd]]&gt;');
    // Nothing but the tags of the drawing itself is left between angle brackets.
    const tags = [...odd.matchAll(/<\/?([^\s>/]+)/g)].map(([, tag]) => tag);
    expect([...new Set(tags)].sort()).toEqual([
      'defs',
      'g',
      'marker',
      'path',
      'rect',
      'svg',
      'text',
      'title',
    ]);
    expect(odd.replace(/<[^<>]*>/g, '')).not.toMatch(/[<>]|&(?!lt;|gt;|amp;|quot;|#39;)/);
  });

  it('takes a network without arrows, and one without boxes', () => {
    expect(networkDrawing({ ...net, groups: [], boxes: [box('alone')], edges: [] })).toContain('alone');
    expect(networkDrawing({ ...net, groups: [], boxes: [], edges: [] })).not.toMatch(/="[^"]*(NaN|Infinity)/);
  });
});

/** 1 for a point on the border of a rectangle, more outside, less inside. */
function onBorder({ x, y }: XY, r: Rectangle): number {
  return Math.max(Math.abs(x - r.x) / (r.width / 2), Math.abs(y - r.y) / (r.height / 2));
}

describe('layoutNetwork', () => {
  it('keeps boxes apart and inside their frames, under the titles', () => {
    const groups = [
      { id: 'g', parent: undefined, titleWidth: 300 },
      { id: 'h', parent: 'g', titleWidth: 120 },
    ];
    const boxes = ['a', 'b', 'c', 'd'].map((id) => ({
      id,
      width: 80,
      height: 40,
      group: id === 'a' ? 'g' : id === 'd' ? undefined : 'h',
    }));
    const edges = ['ab', 'bc', 'ac', 'cd', 'ad'].map(([from, to]) => ({ from, to, width: 50, height: 12 }));
    const place = layoutNetwork({ boxes, groups, edges });
    const at = (id: string) => place.boxes.get(id)!;
    for (const [upper, lower] of ['ab', 'bc', 'cd']) {
      expect(at(lower).y - at(upper).y).toBeGreaterThan(40 + 12);
    }
    for (const { id, group } of boxes) {
      for (const frame of group === undefined ? [] : [place.groups.get('g')!, place.groups.get(group)!]) {
        const [box, top] = [at(id), frame.y - frame.height / 2];
        expect(box.y - box.height / 2).toBeGreaterThanOrEqual(top + 18);
        expect(box.y + box.height / 2).toBeLessThanOrEqual(frame.y + frame.height / 2);
        expect(Math.abs(box.x - frame.x) + box.width / 2).toBeLessThanOrEqual(frame.width / 2);
      }
    }
    expect(place.groups.get('g')!.width).toBeGreaterThanOrEqual(300);
    for (const [i, { from, to }] of edges.entries()) {
      const { points } = place.edges[i];
      expect(onBorder(points[0], at(from))).toBeCloseTo(1, 6);
      expect(onBorder(points[points.length - 1], at(to))).toBeCloseTo(1, 6);
    }
  });
});

describe('text', () => {
  it('is measured by its letters', () => {
    expect(textWidth('mm', 10)).toBeGreaterThan(textWidth('il', 10));
    expect(textWidth('abc', 20)).toBeCloseTo(2 * textWidth('abc', 10), 10);
  });

  it('keeps what XML may hold', () => {
    expect(escapeXml('a\tβ 😀 …')).toBe('a\tβ 😀 …');
    expect(escapeXml('\u0007\uffff')).toBe('\ufffd\ufffd');
  });
});
