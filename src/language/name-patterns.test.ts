import { describe, expect, it } from 'vitest';
import { fitsAny, patternProblem, renamed, unboundIn } from './name-patterns.ts';

describe('name patterns', () => {
  it('match whole names: a star any text, braces one number', () => {
    expect(fitsAny('norm.weight', ['norm.*'])).toBe(true);
    expect(fitsAny('a.norm.weight', ['norm.*'])).toBe(false);
    expect(fitsAny('normXweight', ['norm.*'])).toBe(false);
    expect(fitsAny('a.b.all_modules.0.weight', ['*.all_modules.{k}.*'])).toBe(true);
    expect(fitsAny('layers.12.x', ['layers.{i}.x'])).toBe(true);
    expect(fitsAny('layers.one.x', ['layers.{i}.x'])).toBe(false);
    expect(fitsAny('anything', [])).toBe(false);
  });

  it('hold a number that stands twice to be the same', () => {
    expect(fitsAny('a.3.b.3', ['a.{i}.b.{i}'])).toBe(true);
    expect(fitsAny('a.3.b.4', ['a.{i}.b.{i}'])).toBe(false);
  });

  it('carry what they stood for into new names', () => {
    const rule = { from: 'layers.{i}.downsample.*', to: 'downsamples.{i}.*' };
    expect(renamed('layers.2.downsample.norm.bias', rule)).toBe('downsamples.2.norm.bias');
    expect(renamed('layers.2.blocks.0', rule)).toBeUndefined();
    expect(renamed('1.a.2.b', { from: '{x}.*.{y}.*', to: '*.{y}{x}.*' })).toBe('a.21.b');
    expect(renamed('plain', { from: 'plain', to: 'other' })).toBe('other');
  });

  it('say what is wrong with them', () => {
    expect(patternProblem('layers.{i}.*')).toBeUndefined();
    for (const wrong of ['', 'a b', '{', '}', '{}', '{1}', 'a.{i', '{a-b}']) {
      expect(patternProblem(wrong), wrong).toBeTypeOf('string');
    }
    expect(unboundIn('a.{i}.*', 'b.{i}.*')).toBeUndefined();
    expect(unboundIn('a.{i}', 'b.{j}')).toBe('{j}');
    expect(unboundIn('a.*', '*.b.*')).toBe('*');
  });
});
