import type { Command } from 'commander';
import { SpecError } from '../../compiler/spec-error.ts';
import { openSpec } from '../../files/open.ts';
import { check, modelNames } from '../../language/index.ts';
import { ops } from '../../ops/index.ts';
import { type ModelOptions, withModelOptions } from '../options.ts';
import { printJson, printLine } from '../terminal.ts';
import { openForCommand, tellWarnings } from '../warnings.ts';

export function register(program: Command): void {
  withModelOptions(program.command('check'))
    .description('check a spec: names, types and every shape')
    .argument('<spec>', 'a .arch file, FILE:Model, or the name of a shipped spec')
    .action((spec: string, options: ModelOptions) => {
      const { loaded, model } = openSpec(spec);
      const found = check(loaded, ops);
      if (found.some((d) => d.severity === 'error')) throw new SpecError(found, loaded);
      const chosen = model !== undefined || Object.keys(options.set).length > 0;
      const warnings = chosen ? openForCommand(spec, options).warnings : found;
      if (!chosen) tellWarnings(found, loaded, options);
      const models = modelNames(loaded);
      if (options.json) printJson({ ok: true, models, diagnostics: [], warnings });
      else printLine(`${spec}: ${verdict(chosen ? [] : models, warnings.length)}`);
    });
}

/** What was checked and how it went; other commands take one model, so which one that is is said here too. */
function verdict(models: readonly string[], warnings: number): string {
  const found = warnings === 0 ? 'no mistakes' : 'no mistakes, but warnings';
  if (models.length < 2) return found;
  return `${found} in ${models.join(', ')} (commands that take one model take the last, ${models.at(-1)})`;
}
