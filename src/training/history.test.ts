import { expect, it } from 'vitest';
import { bestOf, historyEntries, historyOf } from './history.ts';

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

it('comes back from the tensors of a checkpoint, and from those of an archc that kept no scores of classes', () => {
  const steps = [{ loss: 2, rate: 0.1, gradNorm: 3 }];
  const validations = [
    { step: 1, loss: 1, score: 0.5, classes: [0.25, 0.75] },
    { step: 1, loss: 1, score: 0.5, classes: [Number.NaN, 0.5] },
  ];
  const entries = new Map(historyEntries({ steps, validations }));
  expect(historyOf(entries, 1)).toEqual({ steps, validations });
  entries.delete('validation_classes');
  const older = validations.map(({ step, loss, score }) => ({ step, loss, score }));
  expect(historyOf(entries, 1)).toEqual({ steps, validations: older });
  const goneOn = [...older, validations[0]];
  expect(
    historyOf(new Map(historyEntries({ steps, validations: goneOn })), 1)?.validations[0].classes,
  ).toEqual([Number.NaN, Number.NaN]);
});
