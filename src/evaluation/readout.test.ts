import { expect, it } from 'vitest';
import { labelsOfLogits, labelsOfSums, toProbabilities } from './readout.ts';

/** Three channels of four pixels. */
const logits = () => Float32Array.of(1, -1, 0, 3, 2, -2, 0, -1, -1, -3, 0, 2);

it('of classes the likeliest is taken, the lowest of several', () => {
  expect([...labelsOfLogits(logits(), { classes: 3 })]).toEqual([1, 0, 0, 0]);
  expect([...labelsOfSums(logits(), { classes: 3 }, 2)]).toEqual([1, 0, 0, 0]);
  const p = toProbabilities(logits(), { classes: 3 });
  const sum = Math.exp(1) + Math.exp(2) + Math.exp(-1);
  // Float32.
  expect(Math.abs(p[0] - Math.exp(1) / sum)).toBeLessThan(1e-7);
  expect(Math.abs(p[4] - Math.exp(2) / sum)).toBeLessThan(1e-7);
});

it('regions are painted one after the other where they are likelier than not', () => {
  const regions = { classes: 3, painted: [4, 2, 7] };
  // A logit of 0 is no more likely than not.
  expect([...labelsOfLogits(logits(), regions)]).toEqual([2, 0, 0, 7]);
  const p = toProbabilities(logits(), regions);
  logits().forEach((logit, i) => {
    expect(Math.abs(p[i] - 1 / (1 + Math.exp(-logit)))).toBeLessThan(1e-7);
  });
});

it('of several networks it is the mean of the probabilities that decides, not of the logits', () => {
  const regions = { classes: 1, painted: [3] };
  const [sure, unsure] = [Float32Array.of(5, 5), Float32Array.of(-1, -2)].map((l) =>
    toProbabilities(l, regions),
  );
  const sums = sure.map((p, i) => p + 2 * unsure[i]);
  // (0.9933 + 2 · 0.2689) / 3 and (0.9933 + 2 · 0.1192) / 3; of both the mean logit is above 0.
  expect([...labelsOfSums(sums, regions, 3)]).toEqual([3, 0]);
});
