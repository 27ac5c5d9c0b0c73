import type { Command } from 'commander';
import { openDataset } from '../../../data/dataset.ts';
import { type Survey, surveyDataset } from '../../../data/view/survey.ts';
import { InputError } from '../../../errors.ts';
import { dataPage } from '../../../report/data-page.ts';
import { writeFileAtomic } from '../../../tensors/atomic-file.ts';
import { checkWritable } from '../../../tensors/output-path.ts';
import { integer } from '../../options.ts';
import { startProgress } from '../../progress.ts';
import { note, printJson, printLine } from '../../terminal.ts';

interface ViewOptions {
  readonly output?: string;
  readonly cases: number;
  readonly json?: boolean;
}

export function register(group: Command): void {
  group
    .command('view')
    .description('a page of HTML: cases with their labels, classes, intensities, warnings')
    .argument('<folder>', "data set in nnU-Net's raw layout (dataset.json, imagesTr, labelsTr)")
    .option('--output <file>', 'where it goes (default: <name>.html in the working directory)')
    .option('--cases <n>', 'cases that are shown', integer('--cases', 0), 6)
    .option('--json', 'print one JSON document on stdout')
    .action((folder: string, options: ViewOptions) => {
      const dataset = openDataset(folder);
      const output = options.output ?? `${dataset.name.replace(/[^\p{L}\p{N}._-]+/gu, '_')}.html`;
      checkWritable(output);
      const progress = startProgress('reading', dataset.training.length, options.json);
      let survey: Survey;
      try {
        survey = surveyDataset(dataset, progress.update);
      } finally {
        progress.stop();
      }
      if (survey.cases.length === 0) {
        throw new InputError('bad-dataset', survey.warnings[0], `archc data verify ${folder}`);
      }
      const { html, shown } = dataPage(dataset, survey, options.cases);
      writeFileAtomic(output, html);
      const { warnings } = survey;
      if (options.json) {
        const classes = dataset.classes.map((c, id) => ({ ...c, ...survey.classes[id] }));
        const channels = dataset.channels.map((name, c) => ({ name, histogram: survey.histograms[c] }));
        printJson({ page: output, training: survey.cases.length, cases: shown, classes, channels, warnings });
        return;
      }
      for (const warning of warnings) note(`data: ${warning}`);
      printLine(`${shown.length} of ${survey.cases.length} cases shown → ${output}`);
    });
}
