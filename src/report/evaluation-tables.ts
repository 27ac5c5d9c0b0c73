import { metrics } from '../evaluation/metrics.ts';
import type { Evaluation, MetricReport, PairedComparison } from '../evaluation/report.ts';
import { markdownTable, type TextTable } from './text-table.ts';

/** A table a metric: cases below each other, labels side by side, then mean ± standard deviation and how many. */
export function metricTables({ metrics: reports }: Evaluation): TextTable[] {
  return reports.map(metricTable);
}

function metricTable({ metric, labels, cases, summaries, mean }: MetricReport): TextTable {
  const { title, digits, undefinedWhere } = metrics[metric];
  const show = (value: number) => shown(value, digits);
  const gaps = cases.some(({ values }) => values.some(Number.isNaN));
  return {
    title,
    head: ['case', ...labels],
    rows: [
      ...cases.map(({ id, values }) => [id, ...values.map(show)]),
      ['mean ± deviation', ...summaries.map((s) => `${show(s.mean)} ± ${show(s.deviation)}`)],
      ['defined', ...summaries.map(({ n }) => String(n))],
    ],
    notes: [
      `mean over labels: ${show(mean)}`,
      ...(gaps ? [`–: not defined, since ${undefinedWhere}; left out of the mean`] : []),
    ],
  };
}

/** Two predictions side by side, a row a metric and label. */
export function comparisonTable(
  first: string,
  second: string,
  comparisons: readonly PairedComparison[],
): TextTable {
  return {
    title: `${first} compared with ${second}`,
    head: ['metric, label', 'pairs', 'first', 'second', 'difference', '95 % interval', 'p'],
    rows: comparisons.map(({ metric, label, first: a, second: b, difference, interval, test }) => {
      const { digits } = metrics[metric];
      const show = (value: number) => shown(value, digits);
      const between = Number.isNaN(interval.low) ? '–' : `${show(interval.low)} to ${show(interval.high)}`;
      return [
        `${metric.toUpperCase()}, ${label}`,
        String(difference.n),
        show(a.mean),
        show(b.mean),
        show(difference.mean),
        between,
        shownP(test.p),
      ];
    }),
    notes: [
      'pairs: cases where both are defined; difference: mean of first − second, with its 95 % confidence interval by Student’s t',
      'p: Wilcoxon’s signed-rank test, two-sided, exact up to 50 differences that are not 0 (–: there is none), normal approximation beyond; not corrected for the number of tests',
    ],
  };
}

/** All tables of an evaluation, and of a comparison where there is one, as a Markdown document. */
export function evaluationMarkdown(
  facts: readonly string[],
  evaluations: readonly Evaluation[],
  comparisons: readonly PairedComparison[],
): string {
  const tables = evaluations.flatMap((evaluation) =>
    metricTables(evaluation).map((table) =>
      evaluations.length === 1 ? table : { ...table, title: `${table.title}: ${evaluation.predictions}` },
    ),
  );
  if (evaluations.length === 2) {
    tables.push(comparisonTable(evaluations[0].predictions, evaluations[1].predictions, comparisons));
  }
  const list = facts.map((fact) => `- ${fact}\n`).join('');
  return `# Evaluation\n\n${list}\n${tables.map(markdownTable).join('')}`.trimEnd() + '\n';
}

function shown(value: number, digits: number): string {
  if (Number.isNaN(value)) return '–';
  return value.toFixed(digits).replace(/^-(?=[0.]*$)/, '');
}

function shownP(p: number): string {
  if (Number.isNaN(p)) return '–';
  return p < 0.0001 ? '< 0.0001' : p.toFixed(4);
}
