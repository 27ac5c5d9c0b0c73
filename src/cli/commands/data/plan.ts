import type { Command } from 'commander';
import { openDataset } from '../../../data/dataset.ts';
import { planDataset } from '../../../data/planning/plan.ts';
import { DEFAULT_MEMORY } from '../../../data/planning/plan-2d.ts';
import { writePlan } from '../../../data/planning/plan-file.ts';
import { writeFileAtomic } from '../../../tensors/atomic-file.ts';
import { checkWritable } from '../../../tensors/output-path.ts';
import { bytes } from '../../options.ts';
import { planText } from '../../plan-text.ts';
import { plannedSpec, requirePlannable } from '../../planned-spec.ts';
import { startProgress } from '../../progress.ts';
import { note, printJson, printLine } from '../../terminal.ts';

interface PlanCommandOptions {
  readonly memory: number;
  readonly output?: string;
  readonly spec?: string;
  readonly json?: boolean;
}

export function register(group: Command): void {
  group
    .command('plan')
    .description("fingerprint of a data set, and nnU-Net v2's 2D plan for it")
    .argument('<folder>', "data set in nnU-Net's raw layout (dataset.json, imagesTr, labelsTr)")
    .option('--memory <bytes>', 'graphics memory to plan for', bytes('--memory'), DEFAULT_MEMORY)
    .option('--output <file>', 'write the plan as JSON; with --spec the spec beside it, as .arch')
    .option('--spec <name>', 'a shipped network with its parameters and train section set for the plan')
    .option('--json', 'print one JSON document on stdout')
    .action((folder: string, options: PlanCommandOptions) => {
      if (options.spec !== undefined) requirePlannable(options.spec);
      const beside = options.output?.replace(/(\.json)?$/, '.arch');
      const outputs = [options.output, options.spec === undefined ? undefined : beside];
      for (const path of outputs) if (path !== undefined) checkWritable(path);
      const dataset = openDataset(folder);
      const progress = startProgress('reading', 2 * dataset.training.length, options.json);
      let plan: ReturnType<typeof planDataset>;
      try {
        plan = planDataset(dataset, options.memory, progress.update);
      } finally {
        progress.stop();
      }
      const spec = options.spec === undefined ? undefined : plannedSpec(options.spec, plan);
      if (options.output !== undefined) writePlan(options.output, plan);
      if (spec && beside !== undefined) writeFileAtomic(beside, spec.text);
      for (const remark of spec?.remarks ?? []) note(`spec: ${remark}`);
      if (options.json) {
        printJson({ ...plan, ...(spec && { spec: spec.text, spec_remarks: spec.remarks }) });
        return;
      }
      // A spec alone on stdout can be piped into a file.
      const say = spec && beside === undefined ? note : printLine;
      for (const line of planText(plan)) say(line);
      if (options.output !== undefined) say(`plan → ${options.output}`);
      if (spec && beside === undefined) process.stdout.write(spec.text);
      else if (spec) say(`spec → ${beside}`);
    });
}
