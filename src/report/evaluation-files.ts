import type { Evaluation, PairedComparison } from '../evaluation/report.ts';
import type { Summary } from '../evaluation/statistics.ts';

/** An evaluation for JSON: means and summaries by metric and label, then every case; null for what is not defined. */
export function evaluationJson({ metrics, instances }: Evaluation): Record<string, unknown> {
  const byMetric = <T>(value: (report: Evaluation['metrics'][number]) => T) =>
    Object.fromEntries(metrics.map((report) => [report.metric, value(report)]));
  const cases = metrics[0]?.cases ?? [];
  return {
    ...byMetric(({ labels, summaries }) => byLabel(labels, (i) => summaries[i].mean)),
    summary: byMetric(({ labels, summaries }) => byLabel(labels, (i) => summaries[i])),
    mean: byMetric(({ mean }) => mean),
    images: cases.map(({ id }, c) => {
      const own = instances.filter((entry) => entry.id === id);
      return {
        id,
        ...byMetric(({ labels, cases: rows }) => byLabel(labels, (i) => rows[c].values[i])),
        ...(own.length > 0 && {
          instances: Object.fromEntries(own.map(({ label, score }) => [label, score])),
        }),
      };
    }),
  };
}

function byLabel<T>(labels: readonly string[], value: (i: number) => T): Record<string, T> {
  return Object.fromEntries(labels.map((label, i) => [label, value(i)]));
}

/** A comparison for JSON: an entry a metric and label. */
export function comparisonJson(comparisons: readonly PairedComparison[]): unknown[] {
  return comparisons.map(({ metric, label, first, second, difference, interval, test }) => ({
    metric,
    label,
    pairs: difference.n,
    first: first.mean,
    second: second.mean,
    difference: difference.mean,
    interval: [interval.low, interval.high],
    wilcoxon: { p: test.p, statistic: test.statistic, n: test.n, method: test.method },
  }));
}

/** What is counted of instances, beside F1. */
const COUNTS = ['truth', 'predicted', 'tp', 'fp', 'fn', 'precision', 'recall'] as const;

/**
 * Evaluations as CSV (RFC 4180): a line for each prediction, case and label, then a line each for mean, sample standard
 * deviation and number of cases; the column `row` says which it is. Empty where something is not defined.
 */
export function evaluationCsv(evaluations: readonly Evaluation[]): string {
  const reports = evaluations[0].metrics;
  const counted = evaluations.some(({ instances }) => instances.length > 0);
  const head = ['predictions', 'row', 'case', 'label', ...reports.map(({ metric }) => metric)];
  const counts = counted ? COUNTS : [];
  const lines = [csvLine([...head, ...counts.map((name) => `instances_${name}`)])];
  for (const { predictions, metrics, instances } of evaluations) {
    // F1 may be of one label alone, and only DSC is of all together.
    const labels = [...new Set(metrics.flatMap((report) => report.labels))];
    const line = (row: string, id: string, label: string, values: readonly number[]) => {
      const own = row === 'case' ? instances.find((e) => e.id === id && e.label === label) : undefined;
      const numbers = [...values, ...counts.map((name) => own?.score[name] ?? Number.NaN)];
      lines.push(csvLine([predictions, row, id, label, ...numbers.map(csvNumber)]));
    };
    const ofLabel = (label: string, value: (report: (typeof metrics)[number], column: number) => number) =>
      metrics.map((report) => {
        const column = report.labels.indexOf(label);
        return column < 0 ? Number.NaN : value(report, column);
      });
    for (const [c, { id }] of (metrics[0]?.cases ?? []).entries()) {
      for (const label of labels)
        line(
          'case',
          id,
          label,
          ofLabel(label, (r, k) => r.cases[c].values[k]),
        );
    }
    for (const row of ['mean', 'deviation', 'n'] as const satisfies (keyof Summary)[]) {
      for (const label of labels)
        line(
          row,
          '',
          label,
          ofLabel(label, (r, k) => r.summaries[k][row]),
        );
    }
  }
  return lines.join('');
}

const csvNumber = (value: number) => (Number.isNaN(value) ? '' : String(value));

function csvLine(fields: readonly string[]): string {
  const quoted = fields.map((text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text));
  return `${quoted.join(',')}\r\n`;
}
