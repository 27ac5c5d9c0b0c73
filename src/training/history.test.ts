import { expect, it } from 'vitest';
import { bestOf } from './history.ts';

const of = (...scores: number[]) => scores.map((score, i) => ({ step: i + 1, loss: 1, score }));

it.each([
  ['the highest score, the first of equals', [0.2, 0.6, 0.6, 0.5], 0, 2],
  ['the highest running mean', [0.9, 0.1, 0.5, 0.6, 0.6], 0, 1],
  // Means 0.2, 0.25, 0.525, 0.4625 at a decay of 0.5: an outlier counts half.
  ['a mean of scores', [0.2, 0.3, 0.8, 0.4], 0.5, 3],
  // 0.2, 0.26, 0.314, 0.3626: it still rises while scores stay.
  ['a slow mean', [0.2, 0.8, 0.8, 0.8], 0.9, 4],
  ['scores that are not defined are passed over', [Number.NaN, 0.3, Number.NaN, 0.1], 0.9, 2],
])('%s', (_, scores, decay, step) => {
  expect(bestOf(of(...scores), decay)?.step).toBe(step);
});

it('nothing where no score is defined', () => {
  expect(bestOf(of(Number.NaN), 0)).toBeUndefined();
  expect(bestOf([], 0.9)).toBeUndefined();
});
