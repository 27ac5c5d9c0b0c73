import { basename } from 'node:path';
import type { RowResult, RunFacts } from './runs.ts';
import type { Study } from './studies.ts';

export interface StudyResult {
  readonly study: Study;
  readonly rows: readonly RowResult[];
}

/** docs/results.md. */
export function resultsPage(results: readonly StudyResult[], machine: string): string {
  return `# Results

<!-- Written by \`npm run results\`. -->

What archc reaches on the two real data sets that come with it, by networks small enough to train on two CPU cores in minutes.
\`npm run results\` made this page: it trains, predicts and judges by the commands that stand below, and leaves everything in
\`runs/results\`; what is there already is not done again. Recipes were chosen on held-back training cases; this script alone
reads the test cases. The same machine gives the same figures again, another one nearly so; \`--deterministic\`, which would
give the same bits everywhere, was not used.

Made on ${machine}.

${summary(results)}

${results.map(studyText).join('\n')}`;
}

const titles = { dsc: 'mean DSC of labels', f1: 'mean F1 of instances' } as const;

function summary(results: readonly StudyResult[]): string {
  const rows = results.flatMap(({ study, rows }) =>
    rows.map(
      ({ row, scores, runs }) =>
        `| ${study.title} | ${row.title} | ${titles[study.metric]} ${scores.mean[study.metric].toFixed(4)} | ${minutes(runs)} |`,
    ),
  );
  return `| test cases of | network | score | training |\n| --- | --- | --- | ---: |\n${rows.join('\n')}`;
}

function studyText({ study, rows }: StudyResult): string {
  return `## ${study.title}\n\n${study.about}\n\n${rows.map((row) => rowText(study, row)).join('\n')}`;
}

function rowText(study: Study, { row, runs, commands, scores, tables }: RowResult): string {
  const means = Object.entries(scores.summary).flatMap(([metric, labels]) =>
    Object.entries(labels).map(
      ([label, { mean, deviation, n }]) =>
        `| ${metric.toUpperCase()} | ${label} | ${mean.toFixed(4)} ± ${deviation.toFixed(4)} | ${n} |`,
    ),
  );
  const trained = runs.map(
    ({ steps, seconds, seed, adapter, node, best }) =>
      `- ${steps} steps in ${Math.round(seconds)} s, seed ${seed}, ${adapter}, Node ${node}${best ? `; best pseudo-Dice of the held-back cases ${best.score.toFixed(4)} at step ${best.step}` : ''}`,
  );
  return `### ${study.title}: ${row.title}

\`\`\`
${commands.join('\n')}
\`\`\`

${trained.join('\n')}

${runs.map((run) => `![loss](results/${curveName(study, run)})`).join('\n')}

| metric | label | mean ± deviation | cases |
| --- | --- | ---: | ---: |
${means.join('\n')}

<details><summary>By case</summary>

${tables.slice(tables.indexOf('## ')).replaceAll(/^## /gm, '#### ').trim()}

</details>
`;
}

/** The file of a run's curve beside the page. */
export const curveName = (study: Study, { folder }: RunFacts): string =>
  `${study.name}-${basename(folder)}.svg`;

function minutes(runs: readonly RunFacts[]): string {
  const seconds = runs.reduce((sum, run) => sum + run.seconds, 0);
  return `${(seconds / 60).toFixed(1)} min${runs.length > 1 ? `, ${runs.length} runs` : ''}`;
}
