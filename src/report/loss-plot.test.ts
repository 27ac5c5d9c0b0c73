import { describe, expect, it, test } from 'vitest';
import { extremes, type Point } from './chart.ts';
import { lossPlot, ratePlot, scorePlot, smooth } from './loss-plot.ts';

const loss: Point[] = Array.from({ length: 200 }, (_, i) => [i, 1 / (1 + i / 20)]);

describe('smooth', () => {
  it('starts at the first value and keeps a constant', () => {
    expect(smooth([[3, 7]])).toEqual([[3, 7]]);
    for (const [, value] of smooth(loss.map(([step]) => [step, 4]))) expect(value).toBeCloseTo(4, 12);
  });

  it('is the weighted mean with weights 0.9^age', () => {
    const [, , [, value]] = smooth([
      [0, 1],
      [1, 2],
      [2, 4],
    ]);
    expect(value).toBeCloseTo((0.81 * 1 + 0.9 * 2 + 4) / (0.81 + 0.9 + 1), 12);
  });

  it('leaves out what is not finite', () => {
    expect(
      smooth([
        [0, 1],
        [1, Number.NaN],
        [2, 1],
      ]).map(([step]) => step),
    ).toEqual([0, 2]);
  });
});

describe('lossPlot', () => {
  it('shows what is given', () => {
    const bare = lossPlot({ title: 'Run <1>', loss });
    expect(bare).toMatch(/^<svg [^>]*width="900"/);
    expect(bare).toContain('Run &lt;1&gt;');
    expect(bare).toContain('smoothed loss');
    expect(bare).not.toContain('validation');
    expect(bare).not.toContain('learning rate');
    const full = lossPlot({
      title: 'Run',
      unit: 'epoch',
      loss,
      learningRate: loss.map(([step]) => [step, 1e-4]),
      validationLoss: [
        [0, 2],
        [199, 1],
      ],
      validationScore: {
        name: 'pseudo-Dice',
        points: [
          [0, 0.1],
          [199, 0.9],
        ],
      },
    });
    for (const text of ['validation loss', 'pseudo-Dice', 'learning rate', 'epoch'])
      expect(full).toContain(text);
  });

  it('moves with the data', () => {
    const path = (scale: number) =>
      lossPlot({ title: '', loss: loss.map(([step, v]) => [step, v ** scale]) });
    expect(path(1)).not.toBe(path(2));
  });

  it('is the same text each time it is drawn', () => {
    const curves = { title: 'Run', loss, validationLoss: loss };
    expect(lossPlot(curves)).toBe(lossPlot(curves));
  });

  it('stays small for long runs, and keeps their peaks', () => {
    const long = (peak: number) =>
      lossPlot({
        title: '',
        loss: Array.from({ length: 100_000 }, (_, i) => [i, i === 54_321 ? peak : (i % 7) / 7]),
      });
    expect(long(1).length).toBeLessThan(200_000);
    // The loss is the one curve in this colour; the axis goes from 0 at y = 460 to 10 at y = 80.
    const curve = long(9).match(/<path d="([^"]+)" fill="none"[^>]* stroke="#b8c4d6"/)![1];
    const heights = [...curve.matchAll(/[ML]?[\d.]+ ([\d.]+)/g)].map(([, y]) => Number(y));
    expect(heights.length).toBeGreaterThan(500);
    expect(Math.min(...heights)).toBeCloseTo(460 - 38 * 9, 0);
  });

  it('takes runs that have only begun, or failed', () => {
    expect(lossPlot({ title: 'none', loss: [] })).toContain('</svg>');
    expect(lossPlot({ title: 'one', loss: [[0, 2]] })).not.toContain('NaN');
    const failed = lossPlot({
      title: 'failed',
      loss: [
        [0, 1],
        [1, Number.NaN],
      ],
    });
    expect(failed).not.toContain('NaN');
  });
});

test('the plot of scores has a line for each class, of a few', () => {
  const points: Point[] = [
    [5, 0.2],
    [10, 0.6],
  ];
  const plot = (names: readonly string[]) =>
    scorePlot({
      title: 'Run',
      score: 'pseudo-Dice',
      mean: points,
      classes: names.map((name) => ({ name, points })),
    });
  const lines = (svg: string) => svg.match(/<path [^>]*stroke-linejoin="bevel"[^>]*>/g)?.length ?? 0;
  const none = plot([]);
  expect(plot(['1 disc', '2 rim'])).toContain('2 rim');
  expect(lines(plot(['1 disc', '2 rim'])) - lines(none)).toBe(2);
  expect(plot(Array.from({ length: 17 }, (_, i) => `${i} c`))).toBe(none);
});

test('the plot of the learning rate spans its steps', () => {
  const svg = ratePlot('Run', [
    [1, 1e-2],
    [250, 1e-4],
  ]);
  for (const text of ['learning rate', '1.0e-2', '250']) expect(svg).toContain(text);
});

test('of many points the lowest and highest of each bucket are drawn, in their order', () => {
  const values = [3, 1, 2, 5, 4, 4, Number.NaN, 7, Number.NaN];
  const points = values.map((value, i): Point => [i, value]);
  expect(extremes(points, 5)).toBe(points);
  expect(extremes(points, 3).map(([step]) => step)).toEqual([0, 1, 3, 4, 7]);
});
