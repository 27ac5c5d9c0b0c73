import Table from 'cli-table3';
import type { Command } from 'commander';
import { modelCost } from '../../compiler/cost.ts';
import { costRows } from '../../compiler/cost-rows.ts';
import { elementCount } from '../../ir/graph.ts';
import { ops } from '../../ops/index.ts';
import { integer, type ModelOptions, withModelOptions } from '../options.ts';
import { formatCount, formatShare, formatSi, printJson, printLine } from '../terminal.ts';
import { openForCommand } from '../warnings.ts';

interface ParamsOptions extends ModelOptions {
  readonly depth: number;
}

export function register(program: Command): void {
  withModelOptions(program.command('params'))
    .description(
      'parameters and multiply-adds, in total and by module; (9×) marks nine equal modules and their sum',
    )
    .option('--depth <n>', 'how deep modules are listed; 0 is the model alone', integer('--depth', 0), 2)
    .argument('<spec>')
    .action((spec: string, options: ParamsOptions) => {
      const { model, warnings } = openForCommand(spec, options);
      const cost = modelCost(model, ops);
      if (options.json) {
        printJson({ model: model.name, ...cost, warnings });
        return;
      }
      const line = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '' };
      const between = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };
      const bottom = { bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' };
      const table = new Table({
        head: ['module', 'block', 'parameters', '', 'MACs', '', 'output'],
        colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'left'],
        style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
        chars: { ...line, ...between, ...bottom, left: '', right: '', middle: '' },
      });
      for (const row of costRows(cost, options.depth)) {
        table.push([
          `${'  '.repeat(row.depth)}${row.name || model.name}`,
          row.block,
          formatCount(row.params),
          formatShare(row.params, cost.params),
          formatSi(row.macs),
          formatShare(row.macs, cost.macs),
          row.output.length > 0 ? `[${row.output.join(', ')}]` : '',
        ]);
      }
      printLine(table.toString());
      printLine(
        `${model.name}: ${formatCount(cost.params)} parameters, ${formatSi(cost.macs)} multiply-adds` +
          (cost.scan_macs > 0 ? ` and ${formatSi(cost.scan_macs)} in selective scans` : ''),
      );
      if (cost.buffers.length > 0) {
        const values = cost.buffers.reduce((n, [, shape]) => n + elementCount(shape), 0);
        printLine(
          `and ${cost.buffers.length} buffers, which hold ${formatCount(values)} values that are not trained`,
        );
      }
    });
}
