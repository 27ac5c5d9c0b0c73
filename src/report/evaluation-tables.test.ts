import { describe, expect, it } from 'vitest';
import type { JudgedRegion, RegionScores } from '../evaluation/metrics.ts';
import { comparePaired, evaluationOf } from '../evaluation/report.ts';
import { comparisonJson, evaluationCsv, evaluationJson } from './evaluation-files.ts';
import { comparisonTable, evaluationMarkdown, metricTables } from './evaluation-tables.ts';
import { terminalTable } from './text-table.ts';

const regions: JudgedRegion[] = [
  { name: 'disc, inner', classes: [1], metrics: ['dsc', 'hd95', 'f1'] },
  { name: 'rim', classes: [2], metrics: ['dsc', 'hd95'] },
  { name: 'all foreground', classes: [1, 2], metrics: ['dsc'], together: true },
];
const counts = { truth: 4, predicted: 3, tp: 2, fp: 1, fn: 2, precision: 2 / 3, recall: 0.5, f1: 4 / 7 };

function scored(
  id: string,
  dsc: readonly number[],
  hd95: readonly number[],
): { id: string; scores: RegionScores[] } {
  return {
    id,
    scores: [
      { dsc: dsc[0], hd95: hd95[0], f1: counts.f1, instances: counts },
      { dsc: dsc[1], hd95: hd95[1] },
      { dsc: dsc[2] },
    ],
  };
}

const first = evaluationOf('one', regions, [
  scored('a', [0.5, 0.75, 0.6], [2, 10]),
  scored('b_1', [0.7, Number.NaN, 0.7], [4, Number.NaN]),
]);
const second = evaluationOf('two', regions, [
  scored('a', [0.5, 0.25, 0.6], [2, 12]),
  scored('b_1', [0.6, Number.NaN, 0.8], [Number.NaN, Number.NaN]),
]);

/** The cells of the row that begins with a name. */
function cells(text: string, name: string): string[] {
  const line = text.split('\n').find((l) => l.includes(`│ ${name} `))!;
  return line
    .split('│')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

describe('tables', () => {
  const [dsc, hd95, f1] = metricTables(first).map(terminalTable);

  it('list cases, means with deviations, and how many are defined', () => {
    expect(cells(dsc, 'case')).toEqual(['case', 'disc, inner', 'rim', 'all foreground']);
    expect(cells(dsc, 'a')).toEqual(['a', '0.5000', '0.7500', '0.6000']);
    expect(cells(dsc, 'b_1')).toEqual(['b_1', '0.7000', '–', '0.7000']);
    expect(cells(dsc, 'mean')).toEqual([
      'mean ± deviation',
      '0.6000 ± 0.1414',
      '0.7500 ± –',
      '0.6500 ± 0.0707',
    ]);
    expect(cells(dsc, 'defined')).toEqual(['defined', '2', '1', '2']);
    expect(cells(f1, 'case')).toEqual(['case', 'disc, inner']);
  });

  it('say below what is not defined and why; means over labels leave out what is several', () => {
    expect(dsc.split('\n').at(-2)).toBe('mean over labels: 0.6750');
    expect(dsc.split('\n').at(-1)).toMatch(
      /^–: not defined, since neither truth nor prediction has the label/,
    );
    expect(hd95.split('\n').at(-1)).toMatch(/^–: not defined, since truth or prediction lacks the label/);
    expect(f1.split('\n').at(-1)).toBe('mean over labels: 0.5714');
  });
});

describe('a comparison', () => {
  const comparisons = comparePaired(first, second);

  it('pairs the cases that both define', () => {
    expect(comparisons.map(({ metric, label, difference }) => [metric, label, difference.n])).toEqual([
      ['dsc', 'disc, inner', 2],
      ['dsc', 'rim', 1],
      ['dsc', 'all foreground', 2],
      ['hd95', 'disc, inner', 1],
      ['hd95', 'rim', 1],
      ['f1', 'disc, inner', 2],
    ]);
    const [disc, rim, , hd95] = comparisons;
    expect(disc.difference.mean).toBeCloseTo(0.05, 14);
    // 0.05 ± t(1) · s / √2 with s = 0.1 / √2: t · 0.05.
    expect(disc.interval.high).toBeCloseTo(0.05 + 12.706204736174694 * 0.05, 10);
    expect(disc.test).toMatchObject({ n: 1, p: 1 });
    expect(rim.difference.mean).toBe(0.5);
    expect(rim.interval.low).toBeNaN();
    // The mean of the first is that of the pairs alone.
    expect(hd95).toMatchObject({
      first: { mean: 2, n: 1 },
      second: { mean: 2 },
      test: { n: 0, p: Number.NaN },
    });
  });

  it('is a table with intervals and p', () => {
    const text = terminalTable(comparisonTable('one', 'two', comparisons));
    expect(text).toMatch(/^one compared with two\n/);
    expect(cells(text, 'DSC, disc, inner')).toEqual([
      ...['DSC, disc, inner', '2', '0.6000', '0.5500', '0.0500', '-0.5853 to 0.6853', '1.0000'],
    ]);
    expect(cells(text, 'HD95, rim')).toEqual(['HD95, rim', '1', '10.00', '12.00', '-2.00', '–', '1.0000']);
    expect(cells(text, 'F1, disc, inner').slice(4)).toEqual(['0.0000', '0.0000 to 0.0000', '–']);
  });

  it('is JSON without what is not defined', () => {
    const entries = JSON.parse(JSON.stringify(comparisonJson(comparisons))) as Record<string, unknown>[];
    expect(entries[1]).toEqual({
      ...{ metric: 'dsc', label: 'rim', pairs: 1, first: 0.75, second: 0.25, difference: 0.5 },
      interval: [null, null],
      wilcoxon: { p: 1, statistic: 0, n: 1, method: 'exact' },
    });
  });
});

it('JSON has means, summaries and cases, null where nothing is defined', () => {
  expect(JSON.parse(JSON.stringify(evaluationJson(first)))).toEqual({
    dsc: { 'disc, inner': expect.closeTo(0.6, 12), rim: 0.75, 'all foreground': expect.closeTo(0.65, 12) },
    hd95: { 'disc, inner': 3, rim: 10 },
    f1: { 'disc, inner': counts.f1 },
    summary: {
      dsc: {
        'disc, inner': {
          mean: expect.closeTo(0.6, 12),
          deviation: expect.closeTo(Math.sqrt(0.02), 12),
          n: 2,
        },
        rim: { mean: 0.75, deviation: null, n: 1 },
        'all foreground': {
          mean: expect.closeTo(0.65, 12),
          deviation: expect.closeTo(Math.sqrt(0.005), 12),
          n: 2,
        },
      },
      hd95: {
        'disc, inner': { mean: 3, deviation: expect.closeTo(Math.SQRT2, 12), n: 2 },
        rim: { mean: 10, deviation: null, n: 1 },
      },
      f1: { 'disc, inner': { mean: counts.f1, deviation: 0, n: 2 } },
    },
    mean: { dsc: expect.closeTo(0.675, 12), hd95: 6.5, f1: counts.f1 },
    images: [
      {
        id: 'a',
        dsc: { 'disc, inner': 0.5, rim: 0.75, 'all foreground': 0.6 },
        hd95: { 'disc, inner': 2, rim: 10 },
        f1: { 'disc, inner': counts.f1 },
        instances: { 'disc, inner': counts },
      },
      {
        id: 'b_1',
        dsc: { 'disc, inner': 0.7, rim: null, 'all foreground': 0.7 },
        hd95: { 'disc, inner': 4, rim: null },
        f1: { 'disc, inner': counts.f1 },
        instances: { 'disc, inner': counts },
      },
    ],
  });
});

it('CSV has a line a case and label, and says which lines are means', () => {
  const lines = evaluationCsv([first, second]).split('\r\n');
  expect(lines[0]).toBe(
    'predictions,row,case,label,dsc,hd95,f1,instances_truth,instances_predicted,instances_tp,instances_fp,instances_fn,instances_precision,instances_recall',
  );
  expect(lines[1]).toBe(`one,case,a,"disc, inner",0.5,2,${4 / 7},4,3,2,1,2,${2 / 3},0.5`);
  expect(lines).toContain('one,case,b_1,rim,,,,,,,,,,');
  expect(lines).toContain('one,case,b_1,all foreground,0.7,,,,,,,,,');
  expect(lines).toContain('one,mean,,rim,0.75,10,,,,,,,,');
  expect(lines).toContain('one,deviation,,rim,,,,,,,,,,');
  expect(lines).toContain('one,n,,rim,1,1,,,,,,,,');
  expect(lines).toContain('two,case,a,rim,0.25,12,,,,,,,,');
  expect(lines.at(-1)).toBe('');
  // Two evaluations of two cases and the three summaries, of three labels each.
  expect(lines.length - 2).toBe(2 * (2 + 3) * 3);
});

it('Markdown has all tables, names taken as they are', () => {
  const text = evaluationMarkdown(['truth: t'], [first, second], comparePaired(first, second));
  expect(text).toMatch(
    /^# Evaluation\n\n- truth: t\n\n## DSC: one\n\n\| case \| disc, inner \| rim \| all foreground \|\n/,
  );
  expect(text).toContain(
    '| --- | ---: | ---: | ---: |\n| a | 0.5000 | 0.7500 | 0.6000 |\n| b\\_1 | 0.7000 | – | 0.7000 |\n',
  );
  expect(text).toContain('| mean ± deviation | 0.6000 ± 0.1414 | 0.7500 ± – | 0.6500 ± 0.0707 |');
  expect(text).toContain('## one compared with two');
  expect(text).toMatch(/[^\n]\n$/);
  expect(evaluationMarkdown([], [first], [])).toContain('## DSC\n');
  const odd = evaluationOf(
    'o',
    [{ ...regions[1], name: 'a|b*' }],
    [{ id: 'x', scores: [{ dsc: 1, hd95: 0 }] }],
  );
  expect(evaluationMarkdown([], [odd], [])).toContain('| case | a\\|b\\* |');
});
