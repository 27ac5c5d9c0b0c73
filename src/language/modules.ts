import type { Module } from '../../grammar/ast.ts';
import { parseModule } from '../../grammar/parser.ts';
import type { Span } from '../../grammar/span.ts';
import { type Diagnostic, type DiagnosticCode, makeDiagnostic, Reporter } from './diagnostics/index.ts';
import type { ModuleScope } from './env.ts';
import { nearest } from './suggest.ts';
import { ERROR, type Value } from './values.ts';

/** How the language reads files; so it runs where there is no file system. */
export interface FileAccess {
  /** The text of a file, or `undefined` where there is none. */
  read(path: string): string | undefined;
  /** The path that `spec` means in an import of the file `from`. */
  resolve(from: string, spec: string): string;
}

/** A spec with all that it imports. */
export interface Program {
  readonly entry: string;
  readonly modules: ReadonlyMap<string, LoadedModule>;
  /** The text of each file, for rendering diagnostics. */
  readonly sources: Map<string, string>;
  /** What is wrong with texts, files and imports. */
  readonly diagnostics: readonly Diagnostic[];
}

export interface LoadedModule {
  readonly module: Module;
  readonly scope: ModuleScope;
}

/** Characters that one spec may have. */
const MAX_FILE = 2_000_000;

/** Parses a file and its imports. Mistakes end in `diagnostics`, never in an exception. */
export function loadProgram(entry: string, files: FileAccess): Program {
  const loader = new Loader(files);
  const start: Span = { file: entry, start: 0, end: 0, line: 1, column: 1 };
  loader.load(entry, start, []);
  const root = loader.modules.get(entry);
  const { report } = loader.reporter;
  if (root && loader.reporter.count === 0 && root.module.declarations.every((d) => d.kind === 'import')) {
    report('nothing-declared', start, { file: entry });
  }
  return {
    entry,
    modules: loader.modules,
    sources: loader.sources,
    diagnostics: loader.reporter.diagnostics,
  };
}

class Loader {
  readonly modules = new Map<string, LoadedModule>();
  readonly sources = new Map<string, string>();
  readonly reporter = new Reporter();
  private readonly files: FileAccess;

  constructor(files: FileAccess) {
    this.files = files;
  }

  /** `undefined` where the file can't be read or is being loaded already. */
  load(path: string, from: Span, stack: readonly string[]): LoadedModule | undefined {
    const { report } = this.reporter;
    if (stack.includes(path)) {
      const cycle = [...stack.slice(stack.indexOf(path)), path].join(' → ');
      report('import-cycle', from, { cycle });
      return undefined;
    }
    const known = this.modules.get(path);
    if (known) return known;
    const text = this.files.read(path);
    if (text === undefined) {
      report('file-not-found', from, { file: path });
      return undefined;
    }
    if (text.includes('\0')) {
      report('not-text', from, { file: path });
      return undefined;
    }
    if (text.length > MAX_FILE) {
      report('file-too-large', from, { file: path, size: text.length, limit: MAX_FILE });
      return undefined;
    }
    this.sources.set(path, text);
    const { module, issues } = parseModule(text, path);
    for (const issue of issues) {
      this.reporter.add(syntaxDiagnostic(issue.code, issue.span, issue.args));
    }
    const names = new Map<string, Value>();
    const loaded: LoadedModule = { module, scope: { file: path, names } };
    this.modules.set(path, loaded);
    const own = new Set<string>();
    for (const declaration of module.declarations) {
      if (declaration.kind === 'import') {
        const target = this.files.resolve(path, declaration.path.name);
        const imported = this.load(target, declaration.path.span, [...stack, path]);
        for (const { name, span } of declaration.names) {
          const value = imported ? exported(imported, name) : ERROR;
          if (!value && imported) {
            const known = imported.module.declarations.flatMap((d) => ('params' in d ? [d.name.name] : []));
            const near = nearest(name, known);
            report('unknown-import', span, { file: target, name }, near ? { hint: `\`${near}\`` } : {});
          }
          names.set(name, value ?? ERROR);
        }
      } else if (declaration.kind === 'bad') {
        for (const name of declaration.names) names.set(name, ERROR);
      } else if (declaration.kind !== 'train' && declaration.kind !== 'pretrained') {
        const { name, span } = declaration.name;
        if (own.has(name)) report('duplicate-name', span, { name });
        own.add(name);
        names.set(name, { kind: 'block', component: declaration, scope: loaded.scope });
      }
    }
    return loaded;
  }
}

/** A block or model that a file declares itself. */
function exported(from: LoadedModule, name: string): Value | undefined {
  const value = from.scope.names.get(name);
  if (value?.kind === 'block' && value.scope !== from.scope) return undefined;
  return value;
}

/** The parser's issues use the table's codes; their arguments are those of its templates. */
export function syntaxDiagnostic(
  code: DiagnosticCode,
  span: Span,
  args: Readonly<Record<string, string>>,
): Diagnostic {
  return makeDiagnostic(code, span, args as never);
}
