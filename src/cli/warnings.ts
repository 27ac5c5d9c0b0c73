import type { CheckedModel, OpenOptions } from '../compiler/model.ts';
import { SpecError } from '../compiler/spec-error.ts';
import { specOpener } from '../files/open.ts';
import type { Diagnostic, LoadedSpec } from '../language/index.ts';
import type { ElaboratedModel } from '../language/model.ts';
import type { ModelOptions } from './options.ts';
import { showDiagnostics } from './show-diagnostics.ts';
import { note } from './terminal.ts';

/**
 * The model that a command was asked for. Warnings about its spec go to stderr; so does which model was taken where
 * the file has several and none was named. `again` opens it with other options, without reading it anew.
 *
 * @throws SpecError with the mistakes; with the warnings where `--deny warnings` is given
 */
export function openForCommand(
  spec: string,
  options: ModelOptions,
  open: Omit<OpenOptions, 'set'> = {},
): CheckedModel & { again(open: Omit<OpenOptions, 'set'>): ElaboratedModel } {
  const opened = specOpener(spec);
  const checked = opened({ ...open, set: options.set });
  const { model, models, warnings, loaded } = checked;
  if (models.length > 1) note(chosenText(spec, model.name, models));
  tellWarnings(warnings, loaded, options);
  return { ...checked, again: (other) => opened({ ...other, set: options.set }).model };
}

/** `nets.arch has the models Base, Small: taken is the last, Small (another: nets.arch:Base)`. */
function chosenText(spec: string, name: string, models: readonly string[]): string {
  const other = models.find((m) => m !== name);
  return `${spec} has the models ${models.join(', ')}: taken is the last, ${name} (another: ${spec}:${other})`;
}

/** Warnings with the lines that they point at, and their number. */
export function tellWarnings(
  warnings: readonly Diagnostic[],
  loaded: LoadedSpec,
  { deny }: Pick<ModelOptions, 'deny'>,
): void {
  if (warnings.length === 0) return;
  if (deny) throw new SpecError(warnings, loaded);
  showDiagnostics(warnings, loaded);
}
