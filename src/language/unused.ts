import type {
  Component,
  Decl,
  Expr,
  FunctionDecl,
  Ident,
  ImportDecl,
  ShapeRef,
  Stmt,
  TypeRef,
} from '../../grammar/ast.ts';
import { type Diagnostic, Reporter } from './diagnostics/index.ts';
import { partsOf } from './expression-parts.ts';
import type { LoadedModule, LoadedSpec } from './modules.ts';

/** A name that should be read somewhere, and the names that are read where it can be seen. */
interface Declared {
  readonly what: string;
  readonly name: Ident;
  readonly reads: ReadonlySet<string>;
}

interface Unused {
  readonly diagnostics: readonly Diagnostic[];
  /** `file start` of each. */
  readonly places: ReadonlySet<string>;
}

/**
 * Warnings of names that nothing reads and of values that nothing takes, in the spec's own files (`LoadedSpec.own`). It is
 * the text that counts: what a condition leaves out in one configuration is used in another.
 */
export function findUnused(loaded: LoadedSpec): Unused {
  const reporter = new Reporter();
  const components = new Map<Component, ComponentUse>();
  for (const { module } of loaded.modules.values()) {
    for (const d of module.declarations)
      if (d.kind === 'block' || d.kind === 'model') components.set(d, new ComponentUse(d));
  }
  shareReads(loaded, components);
  for (const [file, own] of loaded.modules) {
    if (!loaded.own.has(file)) continue;
    warnImports(own, components, reporter);
    for (const d of own.module.declarations) {
      const use = d.kind === 'block' || d.kind === 'model' ? components.get(d) : undefined;
      for (const { what, name, reads } of use?.declared ?? []) {
        if (reads.has(name.name) || name.name.startsWith('_')) continue;
        reporter.report('unused-name', name.span, { what, name: name.name });
      }
      for (const { span } of use?.dropped ?? []) reporter.report('unused-value', span, {});
    }
  }
  const { diagnostics } = reporter;
  return { diagnostics, places: new Set(diagnostics.map(({ span }) => `${span.file} ${span.start}`)) };
}

/** A model that extends another reads the names of its base, and the base those that are put in their places. */
function shareReads(loaded: LoadedSpec, components: ReadonlyMap<Component, ComponentUse>): void {
  const baseOf = new Map<Component, Component>();
  for (const { module, scope } of loaded.modules.values()) {
    for (const d of module.declarations) {
      if (d.kind !== 'model' || !d.extends) continue;
      const base = scope.names.get(d.extends.base.name);
      if (base?.kind === 'block') baseOf.set(d, base.component);
    }
  }
  const own = new Map([...components].map(([c, use]) => [c, [...use.reads]]));
  for (const component of baseOf.keys()) {
    const seen = new Set([component]);
    for (let base = baseOf.get(component); base && !seen.has(base); base = baseOf.get(base)) {
      seen.add(base);
      for (const name of own.get(base) ?? []) components.get(component)?.reads.add(name);
      for (const name of own.get(component) ?? []) components.get(base)?.reads.add(name);
    }
  }
}

function warnImports(
  { module }: LoadedModule,
  components: ReadonlyMap<Component, ComponentUse>,
  reporter: Reporter,
): void {
  const used = new Set<string>();
  const imports: ImportDecl[] = [];
  for (const d of module.declarations) {
    if (d.kind === 'import') imports.push(d);
    else if (d.kind === 'train' || d.kind === 'pretrained') used.add(d.model.name);
    else if (d.kind === 'block' || d.kind === 'model') {
      if (d.extends) used.add(d.extends.base.name);
      for (const name of components.get(d)?.reads ?? []) used.add(name);
    }
  }
  for (const { name, span } of imports.flatMap((d) => d.names))
    if (!used.has(name)) reporter.report('unused-import', span, { name });
}

/** What a block or model declares, what it reads, and which values it drops. */
class ComponentUse {
  /** Names read in the body, those of functions too unless an argument of theirs hides them. */
  readonly reads = new Set<string>();
  readonly declared: Declared[] = [];
  readonly dropped: Expr[] = [];
  private readonly isModel: boolean;

  constructor({ kind, params, extends: base, body }: Component) {
    this.isModel = kind === 'model';
    for (const { name, type, default: value } of params) {
      this.declared.push({ what: 'the parameter', name, reads: this.reads });
      this.type(type, []);
      if (value) this.expr(value, []);
    }
    for (const { value } of base?.args ?? []) this.expr(value, []);
    this.decls(body);
  }

  private declare(what: string, ...names: readonly Ident[]): void {
    for (const name of names) this.declared.push({ what, name, reads: this.reads });
  }

  private decls(decls: readonly Decl[]): void {
    for (const decl of decls) this.decl(decl);
  }

  private decl(decl: Decl): void {
    const exprs = (...list: readonly (Expr | undefined)[]) => {
      for (const e of list) if (e) this.expr(e, []);
    };
    switch (decl.kind) {
      case 'let':
        this.declare('the constant', ...decl.names);
        exprs(decl.value);
        break;
      case 'require':
        exprs(decl.cond, decl.message);
        break;
      case 'param':
        this.declare('the tensor', decl.name);
        this.shape(decl.shape, []);
        exprs(decl.init, decl.cond);
        break;
      case 'buffer':
        this.declare('the buffer', decl.name);
        if ('dims' in decl.shape) this.shape(decl.shape, []);
        exprs(decl.init, decl.cond);
        break;
      case 'instance':
        this.declare('the instance', decl.name);
        exprs(...decl.indices, decl.value, decl.cond);
        break;
      case 'for':
        if (!repeats(decl.source)) this.declare('the loop variable', decl.variable);
        exprs(decl.source);
        this.decls(decl.body);
        break;
      case 'if':
        exprs(decl.cond);
        this.decls(decl.body);
        this.decls(decl.else ?? []);
        break;
      case 'variant':
        for (const { body } of decl.alternatives) this.decls(body);
        break;
      case 'def':
        this.declare('the function', decl.name);
        this.fn(decl.fn);
        break;
      case 'forward':
        if (this.isModel) {
          // What it binds belongs to the model: the outputs below read it.
          this.stmts(decl.fn.body, [], this.reads, false);
        } else this.fn(decl.fn);
        break;
      case 'input':
        this.declare('the input', decl.name);
        this.shape(decl.shape, []);
        break;
      case 'output':
        this.shape(decl.shape, []);
        exprs(...decl.indices, decl.value, decl.cond);
        break;
      case 'bad':
        break;
    }
  }

  private fn({ params, result, body }: FunctionDecl): void {
    const scope: Scope = { reads: new Set(), hides: new Set(params.map((p) => p.name.name)) };
    for (const { name, shape, type } of params) {
      this.declared.push({ what: 'the argument', name, reads: scope.reads });
      if (type) this.type(type, [scope]);
      if (shape) this.shape(shape, [scope]);
    }
    if (result) this.shape(result, [scope]);
    this.stmts(body, [scope], scope.reads, true);
  }

  /** `taken`: the value of the last statement is taken. */
  private stmts(
    statements: readonly Stmt[],
    scopes: readonly Scope[],
    reads: ReadonlySet<string>,
    taken: boolean,
  ): void {
    statements.forEach((s, i) => {
      const last = taken && i === statements.length - 1;
      if (s.kind === 'bind') {
        for (const name of s.targets) this.declared.push({ what: 'the name', name, reads });
        this.expr(s.value, scopes, reads);
      } else if (s.kind === 'update') {
        // What training sets is saved with the weights: that is a use.
        this.read(s.target.name, scopes);
        this.expr(s.value, scopes, reads);
      } else if (s.kind === 'require') {
        this.expr(s.cond, scopes, reads);
        if (s.message) this.expr(s.message, scopes, reads);
      } else if (s.kind === 'for') {
        if (!repeats(s.source)) this.declared.push({ what: 'the loop variable', name: s.variable, reads });
        this.expr(s.source, scopes, reads);
        this.stmts(s.body, scopes, reads, false);
      } else if (s.kind === 'expr') {
        if (s.value.kind === 'if') this.branches(s.value, scopes, reads, last);
        else {
          if (!last) this.dropped.push(s.value);
          this.expr(s.value, scopes, reads);
        }
      }
    });
  }

  private branches(
    expr: Extract<Expr, { kind: 'if' }>,
    scopes: readonly Scope[],
    reads: ReadonlySet<string>,
    taken: boolean,
  ): void {
    this.expr(expr.cond, scopes, reads);
    this.stmts(expr.body, scopes, reads, taken);
    this.stmts(expr.else ?? [], scopes, reads, taken);
  }

  /** `bound`: the names read in the body whose names the branches of an `if` bind. */
  private expr(expr: Expr, scopes: readonly Scope[], bound: ReadonlySet<string> = this.reads): void {
    if (expr.kind === 'name') this.read(expr.name, scopes);
    else if (expr.kind === 'if') this.branches(expr, scopes, bound, true);
    else if (expr.kind === 'comprehension') {
      this.expr(expr.source, scopes, bound);
      const inner: Scope = { reads: new Set(), hides: new Set([expr.variable.name]) };
      if (!repeats(expr.source))
        this.declared.push({ what: 'the loop variable', name: expr.variable, reads: inner.reads });
      this.expr(expr.item, [inner, ...scopes], bound);
    } else for (const part of partsOf(expr)) this.expr(part, scopes, bound);
  }

  private read(name: string, scopes: readonly Scope[]): void {
    for (const { reads, hides } of scopes) {
      reads.add(name);
      if (hides.has(name)) return;
    }
    this.reads.add(name);
  }

  private shape(shape: ShapeRef, scopes: readonly Scope[]): void {
    for (const axis of shape.dims) if (axis.kind !== 'rest') this.expr(axis, scopes);
  }

  private type(type: TypeRef, scopes: readonly Scope[]): void {
    if (type.kind === 'vector') this.expr(type.length, scopes);
  }
}

/** A loop over a range may only repeat; one over entries that does not read them is hardly meant. */
const repeats = (source: Expr): boolean => source.kind === 'range';

/** The names of a function or comprehension: those read in it, and those that hide what is outside. */
interface Scope {
  readonly reads: Set<string>;
  readonly hides: ReadonlySet<string>;
}
