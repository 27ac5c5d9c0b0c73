import type {
  Component,
  Decl,
  Expr,
  FunctionDecl,
  Ident,
  ShapeRef,
  Stmt,
  TypeRef,
} from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import type { OpTable } from '../ir/op.ts';
import { builtins } from './builtins.ts';
import { declaredBy } from './declarations.ts';
import { firstPlace, type Reporter } from './diagnostics/index.ts';
import { boundIn } from './evaluate.ts';
import { effectiveModel } from './extends.ts';
import type { LoadedSpec } from './modules.ts';
import { ExpressionResolver, type Known } from './resolve-expressions.ts';
import { isAnySize } from './shapes.ts';
import { nearest } from './suggest.ts';

/**
 * Names and arguments everywhere in a spec, also in blocks that no model uses and in branches that are not
 * taken. What depends on values is checked when a model is elaborated.
 */
export function resolveNames(loaded: LoadedSpec, ops: OpTable, reporter: Reporter): void {
  for (const { module, scope } of loaded.modules.values()) {
    for (const declaration of module.declarations) {
      if (declaration.kind === 'block' || declaration.kind === 'model') {
        new Resolver(loaded, ops, reporter, scope).component(declaration);
      } else if (declaration.kind === 'train' || declaration.kind === 'pretrained') {
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

class Resolver extends ExpressionResolver {
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
      if (
        ((d.kind === 'param' || d.kind === 'buffer') && !d.cond) ||
        (d.kind === 'instance' && !d.cond && d.indices.length === 0)
      )
        return [d.name];
      return d.kind === 'let' ? d.names : [];
    });
    this.duplicates(once);
    for (const decl of decls) this.decl(decl, known);
  }

  private duplicates(names: readonly Ident[]): void {
    const seen = new Map<string, Span>();
    for (const { name, span } of names) {
      const first = seen.get(name);
      if (first) this.reporter.report('duplicate-name', span, { name }, { labels: [firstPlace(first)] });
      else seen.set(name, span);
    }
  }

  private decl(decl: Decl, known: Known): void {
    const optional = (e: Expr | undefined) => e && this.expr(e, known);
    switch (decl.kind) {
      case 'let':
        this.expr(decl.value, known);
        break;
      case 'require':
        this.expr(decl.cond, known);
        optional(decl.message);
        break;
      case 'param':
        this.shape(decl.shape, known);
        this.expr(decl.init, known);
        optional(decl.cond);
        break;
      case 'buffer':
        if ('dims' in decl.shape) this.shape(decl.shape, known);
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
        this.fn(decl.fn, known);
        break;
      case 'input':
        this.shape(decl.shape, known);
        break;
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
        if (axis.kind === 'name') {
          if (!isAnySize(axis)) known.add(axis.name);
        } else if (axis.kind !== 'rest') this.expr(axis, known);
      }
    }
    for (const name of boundIn(fn.body)) known.add(name);
    if (fn.result) this.result(fn.result, known);
    this.stmts(fn.body, known);
  }

  /** The shape of a result, whose sizes are known from elsewhere, or left open. */
  private result(shape: ShapeRef, known: Known): void {
    const open = shape.dims.filter((axis) => {
      if (axis.kind !== 'name' || isAnySize(axis)) return isAnySize(axis);
      const { name, span } = axis;
      if (name === 'B' || known.has(name) || this.scope.names.has(name) || builtins.has(name)) return false;
      const near = nearest(name, known);
      const hint = `\`_\`, which stands for any size${near ? `, or \`${near}\`` : ''}`;
      this.reporter.report('unknown-name', span, { name }, { hint });
      return true;
    });
    this.shape({ ...shape, dims: shape.dims.filter((axis) => !open.includes(axis)) }, known);
  }

  private type(type: TypeRef, known: Set<string>): void {
    if (type.kind !== 'vector') return;
    if (type.length.kind === 'name') known.add(type.length.name);
    else this.expr(type.length, known);
  }
}
