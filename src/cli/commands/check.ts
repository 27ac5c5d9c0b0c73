import type { Command } from 'commander';
import { openModel, openProgram } from '../../compiler/model.ts';
import { SpecError } from '../../compiler/spec-error.ts';
import { check } from '../../language/index.ts';
import { ops } from '../../ops/index.ts';
import { type ModelOptions, withModelOptions } from '../options.ts';
import { printJson, printLine } from '../terminal.ts';

export function register(program: Command): void {
  withModelOptions(program.command('check'))
    .description('check a spec: names, types and every shape')
    .argument('<spec>', 'a .arch file, FILE:Model, or the name of a shipped spec')
    .action((spec: string, options: ModelOptions) => {
      const loaded = openProgram(spec);
      const errors = check(loaded.program, ops).filter((d) => d.severity === 'error');
      if (errors.length > 0) throw new SpecError(errors, loaded.program);
      if (loaded.model !== undefined || Object.keys(options.set).length > 0)
        openModel(spec, { set: options.set });
      if (options.json) printJson({ ok: true, diagnostics: [] });
      else printLine(`${spec}: no mistakes`);
    });
}
