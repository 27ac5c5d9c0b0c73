/** Trains, tests and writes docs/results.md: `npm run results`, on two cores in about an hour. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomic } from '../../src/tensors/atomic-file.ts';
import { curveName, resultsPage } from './page.ts';
import { resultsOf } from './runs.ts';
import { studies } from './studies.ts';

const results = studies.map((study) => ({ study, rows: resultsOf(study, 'runs/results') }));
for (const { study, rows } of results) {
  for (const run of rows.flatMap(({ runs }) => runs))
    writeFileAtomic(
      join('docs/results', curveName(study, run)),
      readFileSync(join(run.folder, 'loss.svg'), 'utf8'),
    );
}
const machine = `${availableParallelism()} cores (${cpus()[0].model.trim()})`;
writeFileAtomic('docs/results.md', resultsPage(results, machine));
console.error('docs/results.md');
