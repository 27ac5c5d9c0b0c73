import { describe, expect, it } from 'vitest';
import { loadCase } from '../data/case.ts';
import { expectedOf, openDataset } from '../data/dataset.ts';
import { evaluateDice } from './dice.ts';
import { luma601, otsuForeground, otsuThreshold } from './otsu.ts';

describe('otsuThreshold', () => {
  it('separates two groups at the lowest level that does', () => {
    expect(otsuThreshold(Uint8Array.of(10, 10, 12, 200, 210))).toBe(12);
    expect(otsuThreshold(Uint8Array.of(0, 255))).toBe(0);
  });

  it('is the level of largest between-class variance, by its definition', () => {
    const grey = Uint8Array.from({ length: 500 }, (_, i) => (i * i * 7 + (i % 3) * 60) % 256);
    const variance = (level: number) => {
      const [low, high] = [grey.filter((v) => v <= level), grey.filter((v) => v > level)];
      if (low.length === 0 || high.length === 0) return 0;
      const mean = (values: Uint8Array) => values.reduce((a, b) => a + b, 0) / values.length;
      return ((low.length * high.length) / grey.length ** 2) * (mean(high) - mean(low)) ** 2;
    };
    const best = Math.max(...Array.from({ length: 256 }, (_, level) => variance(level)));
    expect(variance(otsuThreshold(grey))).toBeCloseTo(best, 8);
  });

  it('of a constant image leaves no foreground', () => {
    expect([...otsuForeground(new Uint8Array(4).fill(7))]).toEqual([0, 0, 0, 0]);
  });
});

describe('otsuForeground', () => {
  it('is the smaller side, bright or dark', () => {
    expect([...otsuForeground(Uint8Array.of(9, 9, 9, 200))]).toEqual([0, 0, 0, 1]);
    expect([...otsuForeground(Uint8Array.of(9, 200, 200, 200))]).toEqual([1, 0, 0, 0]);
  });

  it('reaches the mean DSC of 0.8987 on the test images of the nuclei', () => {
    const dataset = openDataset('examples/nuclei/Dataset703_Nuclei');
    const pairs = dataset.test.map((files) => {
      const [{ image, label }] = loadCase(files, expectedOf(dataset)).slices;
      // The baseline knows no boundary: its foreground counts as label 1.
      return { id: files.id, truth: label!, prediction: otsuForeground(luma601(image)) };
    });
    const { regionMeans } = evaluateDice(pairs, [{ name: 'nucleus', classes: [1, 2] }]);
    expect(pairs.length).toBe(16);
    expect(regionMeans[0]).toBeCloseTo(0.8987, 4);
  });
});

it('luma601 weighs red, green and blue and rounds', () => {
  expect([...luma601([255, 0, 0, 10, 0, 255, 0, 10, 0, 0, 255, 11])]).toEqual([76, 150, 29, 10]);
});
