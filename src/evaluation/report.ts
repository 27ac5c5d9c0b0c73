import type { InstanceScore } from './instances.ts';
import { type JudgedRegion, type MetricName, metricNames, type RegionScores } from './metrics.ts';
import {
  type Interval,
  meanInterval,
  type Summary,
  summarise,
  type Wilcoxon,
  wilcoxonSignedRank,
} from './statistics.ts';

export interface ScoredCase {
  readonly id: string;
  /** In the order of the regions. */
  readonly scores: readonly RegionScores[];
}

/** One metric of all cases. */
export interface MetricReport {
  readonly metric: MetricName;
  /** Names of the regions that it was taken of. */
  readonly labels: readonly string[];
  /** A value a region; NaN where the metric is not defined. */
  readonly cases: readonly { readonly id: string; readonly values: readonly number[] }[];
  /** By region, over the cases where it is defined. */
  readonly summaries: readonly Summary[];
  /** The mean of the regions' means, those of several classes left out; NaN as soon as one of them is. */
  readonly mean: number;
}

/** What was measured of the predictions in a folder. */
export interface Evaluation {
  readonly predictions: string;
  readonly metrics: readonly MetricReport[];
  /** Counts of instances by case and label, where F1 was taken. */
  readonly instances: readonly {
    readonly id: string;
    readonly label: string;
    readonly score: InstanceScore;
  }[];
}

/** Scores of all cases, by metric. */
export function evaluationOf(
  predictions: string,
  regions: readonly JudgedRegion[],
  cases: readonly ScoredCase[],
): Evaluation {
  const wanted = metricNames.filter((metric) => regions.some((region) => region.metrics.includes(metric)));
  return {
    predictions,
    metrics: wanted.map((metric) => metricReport(metric, regions, cases)),
    instances: cases.flatMap(({ id, scores }) =>
      scores.flatMap(({ instances }, i) =>
        instances === undefined ? [] : [{ id, label: regions[i].name, score: instances }],
      ),
    ),
  };
}

function metricReport(
  metric: MetricName,
  regions: readonly JudgedRegion[],
  cases: readonly ScoredCase[],
): MetricReport {
  const columns = regions.flatMap((region, i) => (region.metrics.includes(metric) ? [i] : []));
  const rows = cases.map(({ id, scores }) => ({
    id,
    values: columns.map((i) => scores[i][metric] ?? Number.NaN),
  }));
  const summaries = columns.map((_, k) => summarise(rows.map(({ values }) => values[k])));
  const means = summaries.flatMap(({ mean }, k) => (regions[columns[k]].together ? [] : [mean]));
  return {
    metric,
    labels: columns.map((i) => regions[i].name),
    cases: rows,
    summaries,
    mean: means.reduce((sum, mean) => sum + mean, 0) / means.length,
  };
}

/** Two predictions of the same cases, by one metric and label; over the cases where both are defined. */
export interface PairedComparison {
  readonly metric: MetricName;
  readonly label: string;
  readonly first: Summary;
  readonly second: Summary;
  /** First less second. */
  readonly difference: Summary;
  /** Of the mean difference: 95 %, by Student's t. */
  readonly interval: Interval;
  readonly test: Wilcoxon;
}

/** Compares two evaluations of the same cases and regions, each metric and label by itself. */
export function comparePaired(first: Evaluation, second: Evaluation): PairedComparison[] {
  return first.metrics.flatMap(({ metric, labels, cases }, m) =>
    labels.map((label, k) => {
      const others = second.metrics[m].cases;
      const pairs = cases
        .map(({ values }, i) => [values[k], others[i].values[k]] as const)
        .filter(([a, b]) => !Number.isNaN(a) && !Number.isNaN(b));
      const differences = pairs.map(([a, b]) => a - b);
      const difference = summarise(differences);
      return {
        metric,
        label,
        first: summarise(pairs.map(([a]) => a)),
        second: summarise(pairs.map(([, b]) => b)),
        difference,
        interval: meanInterval(difference),
        test: wilcoxonSignedRank(differences),
      };
    }),
  );
}
