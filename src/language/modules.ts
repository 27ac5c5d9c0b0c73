import type { Module } from '../../grammar/ast.ts';
import type { SyntaxIssue } from '../../grammar/issue.ts';
import { parseModule } from '../../grammar/parser.ts';
import type { Span } from '../../grammar/span.ts';
import { type Diagnostic, firstPlace, makeDiagnostic, Reporter } from './diagnostics/index.ts';
import type { ModuleScope } from './env.ts';
import { nearest } from './suggest.ts';
import { ERROR, type Value } from './values.ts';

/** How the language reads files; so it runs where there is no file system. */
export interface FileAccess {
  /** The text of a file, or `undefined` where there is none. */
  read(path: string): string | undefined;
  /** The path that `spec` means in an import of the file `from`. */
  resolve(from: string, spec: string): string;
  /** Import paths of the blocks that come with archc, such as `archc/lib/nn.arch`: where an unknown name may be from. */
  library?(): readonly string[];
}

/** A spec with all that it imports. */
export interface LoadedSpec {
  readonly entry: string;
  readonly modules: ReadonlyMap<string, LoadedModule>;
  /**
   * The files that belong to the spec itself: the entry and what it imports by paths of its own, but not what comes
   * with archc (`archc/…`). Warnings are about these.
   */
  readonly own: ReadonlySet<string>;
  /** The text of each file, for rendering diagnostics. */
  readonly sources: Map<string, string>;
  /** What is wrong with texts, files and imports. */
  readonly diagnostics: readonly Diagnostic[];
  /** Blocks that come with archc, each with the path to import it from. Read when first asked for. */
  readonly library: () => ReadonlyMap<string, string>;
}

export interface LoadedModule {
  readonly module: Module;
  readonly scope: ModuleScope;
  /** The path that each import of it means, by its text. */
  readonly imports: ReadonlyMap<string, string>;
}

/** Characters that one spec may have. */
const MAX_FILE = 2_000_000;

/** Parses a file and its imports. Mistakes end in `diagnostics`, never in an exception. */
export function loadSpec(entry: string, files: FileAccess): LoadedSpec {
  const loader = new Loader(files);
  const start = startOf(entry);
  loader.load(entry, []);
  const root = loader.modules.get(entry);
  const { report } = loader.reporter;
  if (root && loader.reporter.errors === 0 && root.module.declarations.every((d) => d.kind === 'import')) {
    report('nothing-declared', start, { file: entry });
  }
  return {
    entry,
    modules: loader.modules,
    own: loader.own(entry),
    sources: loader.sources,
    diagnostics: loader.reporter.diagnostics,
    library: libraryOf(files),
  };
}

function libraryOf(files: FileAccess): () => ReadonlyMap<string, string> {
  let blocks: Map<string, string> | undefined;
  return () => {
    blocks ??= new Map(
      (files.library?.() ?? []).flatMap((path) =>
        parseModule(files.read(files.resolve('', path)) ?? '', path).module.declarations.flatMap((d) =>
          d.kind === 'block' ? [[d.name.name, path] as const] : [],
        ),
      ),
    );
    return blocks;
  };
}

/** An import that is being followed: the file, and where it is asked for. */
interface Link {
  readonly path: string;
  readonly from: Span;
}

const startOf = (file: string): Span => ({ file, start: 0, end: 0, line: 1, column: 1 });

class Loader {
  readonly modules = new Map<string, LoadedModule>();
  readonly sources = new Map<string, string>();
  readonly reporter = new Reporter();
  private readonly files: FileAccess;

  constructor(files: FileAccess) {
    this.files = files;
  }

  /** The files reached from `path` without a step to what comes with archc. */
  own(path: string, found: Set<string> = new Set()): ReadonlySet<string> {
    if (found.has(path)) return found;
    found.add(path);
    for (const d of this.modules.get(path)?.module.declarations ?? []) {
      if (d.kind === 'import' && !d.path.name.startsWith('archc/'))
        this.own(this.files.resolve(path, d.path.name), found);
    }
    return found;
  }

  /** The file that comes with archc and has the same name: an import of it begins with `archc/`. */
  private shipped(path: string): string | undefined {
    const nameOf = (file: string) => file.replace(/^.*\//, '').replace(/\.arch$/, '');
    const spec = `archc/${nameOf(path)}.arch`;
    const found =
      this.files.library?.().find((file) => nameOf(file) === nameOf(path)) ??
      (this.files.read(this.files.resolve(path, spec)) === undefined ? undefined : spec);
    return found && `"${found}"`;
  }

  /** `undefined` where the file can't be read or is being loaded already. */
  load(path: string, before: readonly Link[], from: Span = startOf(path)): LoadedModule | undefined {
    const { report } = this.reporter;
    const start = before.findIndex((link) => link.path === path);
    const links = [...before, { path, from }];
    if (start >= 0) {
      const cycle = links.slice(start + 1);
      report(
        'import-cycle',
        from,
        { cycle: [path, ...cycle.map((link) => link.path)].join(' → ') },
        { labels: cycle.map((link) => ({ span: link.from, text: `imports ${link.path}` })) },
      );
      return undefined;
    }
    const known = this.modules.get(path);
    if (known) return known;
    const text = this.files.read(path);
    if (text === undefined) {
      const hint = before.length > 0 ? this.shipped(path) : undefined;
      report('file-not-found', from, { file: path }, hint ? { hint } : {});
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
      this.reporter.add(syntaxDiagnostic(issue));
    }
    const names = new Map<string, Value>();
    const imports = new Map<string, string>();
    const loaded: LoadedModule = { module, scope: { file: path, names }, imports };
    this.modules.set(path, loaded);
    const places = new Map<string, Span>();
    const unique = (name: string, span: Span) => {
      const first = places.get(name);
      if (first) report('duplicate-name', span, { name }, { labels: [firstPlace(first)] });
      else places.set(name, span);
    };
    for (const declaration of module.declarations) {
      if (declaration.kind === 'import') {
        const target = this.files.resolve(path, declaration.path.name);
        imports.set(declaration.path.name, target);
        const imported = this.load(target, links, declaration.path.span);
        for (const { name, span } of declaration.names) {
          const value = imported ? exported(imported, name) : ERROR;
          if (!value && imported) {
            const known = imported.module.declarations.flatMap((d) => ('params' in d ? [d.name.name] : []));
            const near = nearest(name, known);
            report('unknown-import', span, { file: target, name }, near ? { hint: `\`${near}\`` } : {});
          }
          unique(name, span);
          names.set(name, value ?? ERROR);
        }
      } else if (declaration.kind === 'bad') {
        for (const name of declaration.names) names.set(name, ERROR);
      } else if (declaration.kind !== 'train' && declaration.kind !== 'pretrained') {
        const { name, span } = declaration.name;
        unique(name, span);
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
export function syntaxDiagnostic({ code, span, args, labels, hint }: SyntaxIssue): Diagnostic {
  return makeDiagnostic(code, span, args as never, { labels, hint });
}
