import { describe, expect, it } from 'vitest';
import { skipConnections } from './skip-connections.ts';

/** Arrows as `ab cd`; gives back those that are skips. */
function skips(text: string): string[] {
  const arrows = text.split(' ').map(([from, to]) => ({ from, to }));
  const boxes = [...new Set(text.replaceAll(' ', ''))];
  const found = skipConnections(boxes, arrows);
  return text.split(' ').filter((_, i) => found[i]);
}

describe('skipConnections', () => {
  it('finds arrows past other boxes', () => {
    expect(skips('ab bc cd bd')).toEqual(['bd']);
    expect(skips('ad ab bc cd')).toEqual(['ad']);
  });

  it('finds a shorter way of several arrows, all of it', () => {
    expect(skips('ab bc cd de bx xe')).toEqual(['bx', 'xe']);
  });

  it('takes no side output, chain or parallel arrow for one', () => {
    expect(skips('ab bc cd bx ab')).toEqual([]);
    expect(skips('ab ac bd cd')).toEqual([]);
  });

  it('takes cycles', () => {
    expect(skips('ab bc cb cd ad')).toEqual(['ad']);
  });

  it('takes long chains', () => {
    const boxes = Array.from({ length: 20_000 }, (_, i) => String(i));
    const chain = boxes.slice(1).map((to, i) => ({ from: String(i), to }));
    expect(skipConnections(boxes, [...chain, { from: '0', to: '19999' }]).indexOf(true)).toBe(19_999);
  });
});
