import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from './suggest.ts';

describe('nearest name', () => {
  it.each([
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['sofmtax', 'softmax', 1],
    ['ab', 'ba', 1],
  ])('%s to %s', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });

  it.each([
    ['sofplus', ['softmax', 'softplus'], 'softplus'],
    ['layernorm', ['LayerNorm', 'layer_norm'], 'LayerNorm'],
    ['x', ['encoder', 'decoder'], undefined],
    ['same', ['same'], undefined],
    ['q', ['N', 'qs', 'Q'], undefined],
    ['xs', ['encoder', 'ys'], 'ys'],
    ['kernel', ['stride', 'kernel_size'], 'kernel_size'],
    ['batch_size', ['batch', 'steps'], 'batch'],
    ['pad', ['stride', 'padding'], 'padding'],
    ['size', ['kernel_size', 'patch_size'], undefined],
    ['ad', ['adding', 'x'], undefined],
  ])('%s among %j', (name, candidates, expected) => {
    expect(nearest(name, candidates)).toBe(expected);
  });
});
