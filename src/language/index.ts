/** The language: from text to a checked spec and to the graph of one of its models. */
import type { Component } from '../../grammar/ast.ts';
import type { OpTable } from '../ir/op.ts';
import { type Diagnostic, Reporter } from './diagnostics/index.ts';
import { type ElaborateOptions, elaborateModel, makeContext } from './elaborate.ts';
import type { ModuleScope } from './env.ts';
import { effectiveModel } from './extends.ts';
import { checkLoneBlocks } from './lone-blocks.ts';
import type { ElaboratedModel } from './model.ts';
import type { RawOverrides } from './model-parameters.ts';
import type { LoadedSpec } from './modules.ts';
import { resolveNames } from './resolve.ts';
import { nearest } from './suggest.ts';
import { findUnused } from './unused.ts';

export { type Diagnostic, type DiagnosticCode, diagnosticTable } from './diagnostics/index.ts';
export * from './model.ts';
export { type FileAccess, type LoadedSpec, loadSpec } from './modules.ts';
export { renderDiagnostic } from './render.ts';

/** Names of the models that a file declares itself, in order. */
export function modelNames(loaded: LoadedSpec): string[] {
  return modelsOf(loaded).map((m) => m.component.name.name);
}

function modelsOf(loaded: LoadedSpec): { component: Component; scope: ModuleScope }[] {
  const entry = loaded.modules.get(loaded.entry);
  if (!entry) return [];
  return entry.module.declarations.flatMap((component) =>
    component.kind === 'model' ? [{ component, scope: entry.scope }] : [],
  );
}

/** Imported models that a train or pretrained section of the entry file is for. */
function modelsOfSections(loaded: LoadedSpec): { component: Component; scope: ModuleScope }[] {
  const entry = loaded.modules.get(loaded.entry);
  const values = (entry?.module.declarations ?? []).flatMap((d) =>
    d.kind === 'train' || d.kind === 'pretrained' ? [entry?.scope.names.get(d.model.name)] : [],
  );
  return values.flatMap((v) =>
    v?.kind === 'block' && v.component.kind === 'model' && v.scope.file !== loaded.entry ? [v] : [],
  );
}

/**
 * Everything that is wrong with a spec: its text, its imports, names anywhere in it, and each of its models
 * with its default parameters, in training and, where that is another graph, outside of it, and each block that none of
 * them uses, by itself. The batch changes nothing about that.
 */
export function check(loaded: LoadedSpec, ops: OpTable): Diagnostic[] {
  const reporter = new Reporter();
  for (const d of loaded.diagnostics) reporter.add(d);
  resolveNames(loaded, ops, reporter);
  const unused = reporter.errors === 0 ? findUnused(loaded) : undefined;
  const used = new Set<Component>();
  const options: Omit<ElaborateOptions, 'training'> = {
    batch: 1,
    ops,
    unused: unused?.places,
    onInstance: (component) => used.add(component),
  };
  for (const { component, scope } of [...modelsOf(loaded), ...modelsOfSections(loaded)]) {
    const model = effectiveModel(component, scope, reporter.report);
    if (!model) continue;
    let modes = false;
    const onModeRead = () => {
      modes = true;
    };
    elaborateModel(loaded, model, {}, { ...options, training: true, onModeRead }, reporter);
    if (modes) elaborateModel(loaded, model, {}, { ...options, training: false }, reporter);
  }
  for (const training of [true, false]) {
    checkLoneBlocks(loaded, used, (own) => makeContext(loaded, own, { batch: 1, ops, training }), reporter);
  }
  if (reporter.errors === 0) for (const d of unused?.diagnostics ?? []) reporter.add(d);
  return reporter.diagnostics;
}

/**
 * One model with parameters chosen (`overrides`: the raw text of each --set), as a graph for one batch size.
 * `modelName` left out means the last model that the entry file declares. There is a model only where there
 * are no errors; then the diagnostics are warnings.
 */
export function elaborate(
  loaded: LoadedSpec,
  modelName: string | undefined,
  overrides: RawOverrides,
  batch: number,
  ops: OpTable,
  { training, stochastic }: Pick<ElaborateOptions, 'training' | 'stochastic'>,
): { model?: ElaboratedModel; diagnostics: Diagnostic[] } {
  const reporter = new Reporter();
  for (const d of loaded.diagnostics) reporter.add(d);
  resolveNames(loaded, ops, reporter);
  if (reporter.errors > 0) return { diagnostics: reporter.diagnostics };
  const models = modelsOf(loaded);
  const start = { file: loaded.entry, start: 0, end: 0, line: 1, column: 1 };
  const chosen =
    modelName === undefined ? models.at(-1) : models.find((m) => m.component.name.name === modelName);
  if (!chosen) {
    if (modelName === undefined) reporter.report('no-model', start, { file: loaded.entry });
    else {
      const names = models.map((m) => m.component.name.name);
      const near = nearest(modelName, names);
      const hint = near ? `\`${near}\`` : names.length > 0 ? `its models are ${names.join(', ')}` : undefined;
      reporter.report('unknown-model', start, { name: modelName }, { hint });
    }
    return { diagnostics: reporter.diagnostics };
  }
  const effective = effectiveModel(chosen.component, chosen.scope, reporter.report);
  const unused = findUnused(loaded);
  const options = { batch, ops, training, stochastic, unused: unused.places };
  const model = effective && elaborateModel(loaded, effective, overrides, options, reporter);
  if (model) for (const d of unused.diagnostics) reporter.add(d);
  return { model, diagnostics: reporter.diagnostics };
}
