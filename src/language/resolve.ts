import type {
  Argument,
  Component,
  Decl,
  Expr,
  FunctionDecl,
  ShapeRef,
  Stmt,
  TypeRef,
} from '../../grammar/ast.ts';
import type { OpTable } from '../ir/op.ts';
import { bindArguments } from './arguments.ts';
import { builtins } from './builtins.ts';
import { declaredBy } from './declarations.ts';
import type { Reporter } from './diagnostics/index.ts';
import type { ModuleScope } from './env.ts';
import { boundIn, reportUnknown } from './evaluate.ts';
import { effectiveModel } from './extends.ts';
import type { Program } from './modules.ts';
import { nearest } from './suggest.ts';
import { ERROR } from './values.ts';

/**
 * Names and arguments everywhere in a spec, also in blocks that no model uses and in branches that are not
 * taken. What depends on values is checked when a model is elaborated.
 */
export function resolveNames(program: Program, ops: OpTable, reporter: Reporter): void {
  for (const { module, scope } of program.modules.values()) {
    for (const declaration of module.declarations) {
      if (declaration.kind === 'block' || declaration.kind === 'model') {
        new Resolver(ops, reporter, scope).component(declaration);
      } else if (declaration.kind === 'train') {
        const { name, span } = declaration.model;
        const value = scope.names.get(name);
        if (value?.kind === 'error' || (value?.kind === 'block' && value.component.kind === 'model'))
          continue;
        const models = [...scope.names].flatMap(([n, v]) =>
          v.kind === 'block' && v.component.kind === 'model' ? [n] : [],
        );
        const near = nearest(name, models);
        reporter.report('unknown-model', span, { name }, near ? { hint: `\`${near}\`` } : {});
      }
    }
  }
}

/** Names that are known at some place; those of a body count everywhere in it, whatever their order. */
type Known = ReadonlySet<string>;

class Resolver {
  private readonly ops: OpTable;
  private readonly reporter: Reporter;
  private readonly scope: ModuleScope;
  /** Alternatives of the variants, which `variant == alternative` compares with. */
  private alternatives: Known = new Set();

  constructor(ops: OpTable, reporter: Reporter, scope: ModuleScope) {
    this.ops = ops;
    this.reporter = reporter;
    this.scope = scope;
  }

  component(component: Component): void {
    const known = new Set<string>();
    this.duplicates(component.params.map((p) => p.name));
    for (const { name, type, default: value } of component.params) {
      this.type(type, known);
      if (value) this.expr(value, known);
      known.add(name.name);
    }
    if (component.extends) {
      for (const { value } of component.extends.args) this.overrideValue(value, known);
      const base = this.scope.names.get(component.extends.base.name);
      const silent = { report: () => {} } as unknown as Reporter;
      const model =
        base?.kind === 'block' ? effectiveModel(base.component, base.scope, silent.report) : undefined;
      // Without its base nothing can be said about the names in the body.
      if (!model) return;
      for (const { param } of model.params) {
        known.add(param.name.name);
        if (param.type.kind === 'vector' && param.type.length.kind === 'name')
          known.add(param.type.length.name);
      }
      for (const { decl } of model.body) this.declare(decl, known);
    }
    for (const decl of component.body) this.declare(decl, known);
    this.alternatives = new Set(
      component.body.flatMap((d) => (d.kind === 'variant' ? d.alternatives.map((a) => a.name.name) : [])),
    );
    this.decls(component.body, known);
  }

  /** `extends B(decoder: expanding)`: a name alone may be an alternative, which is checked with the base. */
  private overrideValue(value: Expr, known: Known): void {
    if (value.kind !== 'name') this.expr(value, known);
  }

  private declare(decl: Decl, known: Set<string>): void {
    for (const name of declaredBy(decl)) known.add(name);
    const forwards = (d: Decl): readonly Stmt[] =>
      d.kind === 'forward' ? d.fn.body : d.kind === 'for' ? d.body.flatMap(forwards) : [];
    // A model's outputs see what `forward` binds.
    for (const name of boundIn(forwards(decl))) known.add(name);
  }

  private decls(decls: readonly Decl[], known: Known): void {
    const once = decls.flatMap((d) => {
      if (d.kind === 'def' || d.kind === 'input' || d.kind === 'variant') return [d.name];
      if ((d.kind === 'param' && !d.cond) || (d.kind === 'instance' && !d.cond && d.indices.length === 0))
        return [d.name];
      return d.kind === 'let' ? d.names : [];
    });
    this.duplicates(once);
    for (const decl of decls) this.decl(decl, known);
  }

  private duplicates(names: readonly { name: string; span: Parameters<Reporter['report']>[1] }[]): void {
    const seen = new Set<string>();
    for (const { name, span } of names) {
      if (seen.has(name)) this.reporter.report('duplicate-name', span, { name });
      seen.add(name);
    }
  }

  private decl(decl: Decl, known: Known): void {
    const optional = (e: Expr | undefined) => e && this.expr(e, known);
    switch (decl.kind) {
      case 'let':
        return this.expr(decl.value, known);
      case 'require':
        this.expr(decl.cond, known);
        optional(decl.message);
        break;
      case 'param':
        this.shape(decl.shape, known);
        this.expr(decl.init, known);
        optional(decl.cond);
        break;
      case 'instance':
        for (const index of decl.indices) this.expr(index, known);
        this.expr(decl.value, known);
        optional(decl.cond);
        break;
      case 'for':
        this.expr(decl.source, known);
        this.decls(decl.body, known);
        break;
      case 'if':
        this.expr(decl.cond, known);
        this.decls(decl.body, known);
        this.decls(decl.else ?? [], known);
        break;
      case 'variant':
        this.duplicates(decl.alternatives.map((a) => a.name));
        for (const a of decl.alternatives) this.decls(a.body, known);
        break;
      case 'def':
      case 'forward':
        return this.fn(decl.fn, known);
      case 'input':
        return this.shape(decl.shape, known);
      case 'output':
        for (const index of decl.indices) this.expr(index, known);
        this.shape(decl.shape, known);
        this.expr(decl.value, known);
        optional(decl.cond);
        break;
      case 'bad':
        break;
    }
  }

  private fn(fn: FunctionDecl, outer: Known): void {
    const known = new Set(outer);
    this.duplicates(fn.params.map((p) => p.name));
    for (const { name, shape, type } of fn.params) {
      known.add(name.name);
      if (type) this.type(type, known);
      // A name alone is a size that the call binds.
      for (const axis of shape?.dims ?? []) {
        if (axis.kind === 'name') known.add(axis.name);
        else if (axis.kind !== 'rest') this.expr(axis, known);
      }
    }
    for (const name of boundIn(fn.body)) known.add(name);
    if (fn.result) this.shape(fn.result, known);
    this.stmts(fn.body, known);
  }

  private shape(shape: ShapeRef, known: Known): void {
    for (const axis of shape.dims) if (axis.kind !== 'rest') this.expr(axis, known);
  }

  private type(type: TypeRef, known: Set<string>): void {
    if (type.kind !== 'vector') return;
    if (type.length.kind === 'name') known.add(type.length.name);
    else this.expr(type.length, known);
  }

  private stmts(statements: readonly Stmt[], known: Known): void {
    for (const s of statements) {
      if (s.kind === 'bind' || s.kind === 'expr') this.expr(s.value, known);
      else if (s.kind === 'require') {
        this.expr(s.cond, known);
        if (s.message) this.expr(s.message, known);
      } else if (s.kind === 'for') {
        this.expr(s.source, known);
        this.stmts(s.body, known);
      }
    }
  }

  private expr(expr: Expr, known: Known): void {
    switch (expr.kind) {
      case 'name':
        return this.name(expr, known);
      case 'vector':
      case 'list':
      case 'tuple':
        for (const item of expr.items) this.expr(item, known);
        break;
      case 'comprehension':
        this.expr(expr.source, known);
        this.expr(expr.item, new Set([...known, expr.variable.name]));
        break;
      case 'unary':
        return this.expr(expr.operand, known);
      case 'binary':
        this.expr(expr.left, known);
        if (expr.right.kind === 'name' && this.alternatives.has(expr.right.name)) break;
        this.expr(expr.right, known);
        break;
      case 'range':
        this.expr(expr.from, known);
        this.expr(expr.to, known);
        break;
      case 'index':
        this.expr(expr.target, known);
        this.expr(expr.index, known);
        break;
      case 'call':
        return this.call(expr, known, 0);
      case 'pipe':
        this.expr(expr.left, known);
        if (expr.right.kind === 'call') this.call(expr.right, known, 1);
        else this.expr(expr.right, known);
        break;
      case 'if':
        this.expr(expr.cond, known);
        this.stmts(expr.body, known);
        this.stmts(expr.else ?? [], known);
        break;
      default:
        break;
    }
  }

  private name({ name, span }: { name: string; span: Expr['span'] }, known: Known): void {
    if (known.has(name) || this.scope.names.has(name) || builtins.has(name) || name === 'B') return;
    const op = this.ops.get(name);
    if (op && !op.internal) return;
    reportUnknown({ ops: this.ops, report: this.reporter.report }, name, span, [
      ...known,
      ...this.scope.names.keys(),
    ]);
  }

  private call(expr: Extract<Expr, { kind: 'call' }>, known: Known, piped: number): void {
    this.expr(expr.callee, known);
    for (const { value } of expr.args) this.expr(value, known);
    if (expr.callee.kind !== 'name' || known.has(expr.callee.name)) return;
    const { name } = expr.callee;
    const value = this.scope.names.get(name);
    const op = value || builtins.has(name) ? undefined : this.ops.get(name);
    if (value?.kind === 'block' && value.component.kind === 'block') {
      const { params } = value.component;
      const names = params.map((p) => p.name.name);
      this.arguments(
        name,
        names,
        params.flatMap((p) => (p.default ? [] : [p.name.name])),
        expr,
        piped,
      );
    } else if (op && !op.internal && !op.operands.some((o) => o.variadic)) {
      const operands = op.operands.map((o) => o.name);
      const required = [
        ...op.operands.flatMap((o) => (o.optional ? [] : [o.name])),
        ...Object.entries(op.attrs).flatMap(([n, spec]) => (spec.default === undefined ? [n] : [])),
      ];
      this.arguments(`\`${name}\``, [...operands, ...Object.keys(op.attrs)], required, expr, piped);
    }
  }

  private arguments(
    callee: string,
    names: readonly string[],
    required: readonly string[],
    expr: Extract<Expr, { kind: 'call' }>,
    piped: number,
  ): void {
    const { report } = this.reporter;
    let named = false;
    for (const { name, span } of expr.args) {
      if (name) named = true;
      else if (named) report('argument-order', span, {});
    }
    const given = (a: Pick<Argument, 'name' | 'span'>) => ({
      name: a.name,
      value: ERROR,
      span: a.span,
      expr: undefined,
    });
    const first = Array.from({ length: piped }, () => given({ span: expr.span }));
    bindArguments({ report }, callee, names, required, [...first, ...expr.args.map(given)], expr.span);
  }
}
