import type { PretrainedDecl, TrainDecl } from '../../grammar/ast.ts';
import type { ModuleScope } from './env.ts';
import type { EffectiveModel } from './extends.ts';
import type { LoadedSpec } from './modules.ts';

type SectionDecl = TrainDecl | PretrainedDecl;

/** A section with the names of the file that it stands in. */
export interface ScopedSection<D extends SectionDecl> {
  readonly decl: D;
  readonly scope: ModuleScope;
}

/** The sections of one kind `for` a model, or for the nearest model it extends that has any. */
export function sectionsOf<K extends SectionDecl['kind']>(
  loaded: LoadedSpec,
  model: EffectiveModel,
  kind: K,
): ScopedSection<Extract<SectionDecl, { kind: K }>>[] {
  for (const { name, component } of model.chain) {
    const found: ScopedSection<Extract<SectionDecl, { kind: K }>>[] = [];
    for (const { module, scope } of loaded.modules.values()) {
      const target = scope.names.get(name);
      if (target?.kind !== 'block' || target.component !== component) continue;
      for (const decl of module.declarations) {
        if (decl.kind !== kind) continue;
        const section = decl as Extract<SectionDecl, { kind: K }>;
        if (section.model.name === name) found.push({ decl: section, scope });
      }
    }
    if (found.length > 0) return found;
  }
  return [];
}
