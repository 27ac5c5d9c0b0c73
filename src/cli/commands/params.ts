import Table from 'cli-table3';
import type { Command } from 'commander';
import { modelCost } from '../../compiler/cost.ts';
import { openModel } from '../../compiler/model.ts';
import { ops } from '../../ops/index.ts';
import { type ModelOptions, withModelOptions } from '../options.ts';
import { formatCount, formatSi, printJson, printLine } from '../terminal.ts';

export function register(program: Command): void {
  withModelOptions(program.command('params'))
    .description('parameters and multiply-adds, in total and by module')
    .argument('<spec>')
    .action((spec: string, options: ModelOptions) => {
      const model = openModel(spec, { set: options.set });
      const cost = modelCost(model, ops);
      if (options.json) {
        printJson(cost);
        return;
      }
      const table = new Table({
        head: ['module', 'block', 'parameters', 'MACs', 'output'],
        colAligns: ['left', 'left', 'right', 'right', 'left'],
        style: { head: [], border: [] },
      });
      for (const m of cost.modules) {
        if (m.path.split('.').length > 2) continue;
        table.push([
          m.path || model.name,
          m.block,
          formatCount(m.params),
          formatSi(m.macs),
          `[${m.output.join(', ')}]`,
        ]);
      }
      printLine(table.toString());
      printLine(
        `${model.name}: ${formatCount(cost.params)} parameters, ${formatSi(cost.macs)} multiply-adds` +
          (cost.scan_macs > 0 ? ` and ${formatSi(cost.scan_macs)} in selective scans` : ''),
      );
    });
}
