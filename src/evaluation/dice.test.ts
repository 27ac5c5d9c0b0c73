import { describe, expect, it } from 'vitest';
import reference from '../../tests/fixtures/metrics/expected.json' with { type: 'json' };
import { readLabels } from '../data/image.ts';
import { countOverlap, dice, evaluateDice } from './dice.ts';

const folder = 'tests/fixtures/metrics';
const regions = [
  { name: 'one', classes: [1] },
  { name: 'two', classes: [2] },
];

function pair(name: string, ending: string) {
  return {
    id: name,
    truth: readLabels(`${folder}/${name}_gt${ending}`).data,
    prediction: readLabels(`${folder}/${name}_pred${ending}`).data,
  };
}

describe('against the reference evaluation', () => {
  const cases = [
    ...reference.images.map((expected) => ({ ...expected, ending: '.png' })),
    ...reference.volumes.map((expected) => ({ ...expected, ending: '.nii.gz' })),
  ];
  it.each(cases)('DSC of $name', ({ name, ending, labels }) => {
    const { images } = evaluateDice([pair(name, ending)], regions);
    const [{ scores }] = images;
    expect(scores[0].dsc).toBeCloseTo(labels['1'].dsc, 12);
    expect(scores[1].dsc).toBeCloseTo(labels['2'].dsc, 12);
  });

  it('means are taken over images, not over pixels', () => {
    const report = evaluateDice(
      reference.images.map(({ name }) => pair(name, '.png')),
      regions,
    );
    const mean = (label: '1' | '2') =>
      reference.images.reduce((sum, { labels }) => sum + labels[label].dsc, 0) / reference.images.length;
    expect(report.regionMeans[0]).toBeCloseTo(mean('1'), 12);
    expect(report.regionMeans[1]).toBeCloseTo(mean('2'), 12);
    expect(report.mean).toBeCloseTo((mean('1') + mean('2')) / 2, 12);
  });
});

describe('dice', () => {
  it('counts a region’s labels as one', () => {
    const truth = [0, 1, 2, 2, 0, 1];
    const prediction = [0, 2, 2, 0, 1, 1];
    expect(countOverlap(truth, prediction, [1])).toEqual({ tp: 1, fp: 1, fn: 1 });
    expect(countOverlap(truth, prediction, [1, 2])).toEqual({ tp: 3, fp: 1, fn: 1 });
    expect(dice({ tp: 3, fp: 1, fn: 1 })).toBe(0.75);
  });

  it('is 0 where only one map has the region and not defined where neither has', () => {
    expect(dice(countOverlap([0, 0], [0, 1], [1]))).toBe(0);
    expect(dice(countOverlap([0, 1], [0, 0], [1]))).toBe(0);
    expect(dice(countOverlap([0, 2], [2, 0], [1]))).toBeNaN();
  });

  it('leaves images without the region out of its mean', () => {
    const report = evaluateDice(
      [
        { id: 'a', truth: [1, 0], prediction: [1, 0] },
        { id: 'b', truth: [0, 0], prediction: [0, 0] },
        { id: 'c', truth: [1, 0], prediction: [1, 1] },
      ],
      regions,
    );
    expect(report.images[1].scores[0]).toEqual({ tp: 0, fp: 0, fn: 0, dsc: Number.NaN });
    expect(report.regionMeans[0]).toBeCloseTo((1 + 2 / 3) / 2, 12);
    expect(report.regionMeans[1]).toBeNaN();
    expect(report.mean).toBeNaN();
  });

  it('counts nothing that the truth ignores', () => {
    expect(countOverlap([1, -1, 0, -1, 1], [1, 1, 1, 0, 0], [1])).toEqual({ tp: 1, fp: 1, fn: 1 });
  });

  it('refuses maps of different sizes', () => {
    expect(() => countOverlap([0, 1], [0], [1])).toThrow(RangeError);
  });
});
