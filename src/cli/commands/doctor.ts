import type { Command } from 'commander';
import { formatDoctor, inspect } from '../../adapter/doctor.ts';
import { printJson, printLine } from '../terminal.ts';

export function register(program: Command): void {
  program
    .command('doctor')
    .description('adapters, their features and limits, and what is missing')
    .option('--json', 'print one JSON document on stdout')
    .action(async (options: { json?: boolean }) => {
      const report = await inspect();
      if (options.json) printJson(report);
      else printLine(formatDoctor(report));
    });
}
