import { expect, test } from 'vitest';
import { learningRate } from './schedules.ts';

test('cosine gives the rates of torch.optim.lr_scheduler.CosineAnnealingLR', () => {
  const rates = [0, 1, 2, 3, 4].map((t) => learningRate({ kind: 'cosine', to: 1e-6, warmup: 0 }, 1e-3, t, 5));
  const torch = [
    0.001, 0.0009046039886902864, 0.0006548539886902863, 0.0003461460113097138, 9.639601130971379e-5,
  ];
  rates.forEach((r, i) => {
    expect(r).toBeCloseTo(torch[i], 12);
  });
});

test('poly ends at zero and warm-up starts above it', () => {
  const poly = { kind: 'poly', power: 0.9, warmup: 4 } as const;
  expect(learningRate(poly, 1, 0, 100)).toBe(0.25);
  expect(learningRate(poly, 1, 4, 100)).toBe(1);
  expect(learningRate(poly, 1, 99, 100)).toBeCloseTo((1 / 96) ** 0.9, 12);
});
