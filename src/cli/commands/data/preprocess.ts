import type { Command } from 'commander';
import { cachePlan, preprocessDataset } from '../../../data/cache/preprocess-dataset.ts';
import { type Dataset, openDataset } from '../../../data/dataset.ts';
import { type Plan, planDataset } from '../../../data/planning/plan.ts';
import { DEFAULT_MEMORY } from '../../../data/planning/plan-2d.ts';
import { readPlan } from '../../../data/planning/plan-file.ts';
import { checkFolderWritable } from '../../../tensors/output-path.ts';
import { startProgress } from '../../progress.ts';
import { note, printJson, printLine } from '../../terminal.ts';

interface PreprocessOptions {
  readonly output: string;
  readonly plan?: string;
  readonly json?: boolean;
}

export function register(group: Command): void {
  group
    .command('preprocess')
    .description('cut, normalise and resample the training cases as a plan says, into a folder to train from')
    .argument('<folder>', "data set in nnU-Net's raw layout (dataset.json, imagesTr, labelsTr)")
    .requiredOption('--output <folder>', 'where they go; what is there already is not done again')
    .option('--plan <file>', "a plan of `archc data plan` (default: the folder's own, else one is made)")
    .option('--json', 'print one JSON document on stdout')
    .action((folder: string, options: PreprocessOptions) => {
      checkFolderWritable(options.output);
      const dataset = openDataset(folder);
      const plan = planOf(dataset, options);
      const progress = startProgress('preprocessing', dataset.training.length, options.json);
      let report: ReturnType<typeof preprocessDataset>;
      try {
        report = preprocessDataset(dataset, plan, options.output, progress.update);
      } finally {
        progress.stop();
      }
      const remarks = plan.data === report.data ? [] : [OTHER_DATA];
      for (const remark of remarks) note(`plan: ${remark}`);
      if (options.json) {
        printJson({ ...report, remarks });
        return;
      }
      const { written, renewed, kept, removed } = report;
      const parts = [
        `${written.length} preprocessed`,
        ...(renewed.length > 0
          ? [`${renewed.length} changed and preprocessed again (${list(renewed)})`]
          : []),
        ...(kept.length > 0 ? [`${kept.length} there already`] : []),
        ...(removed.length > 0
          ? [`${removed.length} removed, no longer in the data set (${list(removed)})`]
          : []),
      ];
      printLine(`${dataset.training.length} cases: ${parts.join(', ')} → ${options.output}`);
    });
}

const OTHER_DATA =
  'it was made of other images or labels than these; the figures of a new one (archc data plan) may differ';

function planOf(dataset: Dataset, { output, plan: path, json }: PreprocessOptions): Plan {
  if (path !== undefined) return readPlan(path);
  const there = cachePlan(output);
  if (there) return there;
  const progress = startProgress('planning', 2 * dataset.training.length, json);
  try {
    return planDataset(dataset, DEFAULT_MEMORY, progress.update);
  } finally {
    progress.stop();
  }
}

const list = (ids: readonly string[]) =>
  ids.length > 5 ? `${ids.slice(0, 5).join(', ')}, …` : ids.join(', ');
