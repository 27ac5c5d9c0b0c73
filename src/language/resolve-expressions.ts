import type { Argument, Expr, ShapeRef, Stmt } from '../../grammar/ast.ts';
import type { OpTable } from '../ir/op.ts';
import { bindArguments } from './arguments.ts';
import { builtins } from './builtins.ts';
import type { Reporter } from './diagnostics/index.ts';
import type { ModuleScope } from './env.ts';
import { partsOf } from './expression-parts.ts';
import type { LoadedSpec } from './modules.ts';
import { reportUnknown } from './unknown-names.ts';
import { ERROR } from './values.ts';

/** Names that are known at some place; those of a body count everywhere in it, whatever their order. */
export type Known = ReadonlySet<string>;

/** Names and arguments in expressions and statements, without their values. */
export class ExpressionResolver {
  protected readonly library: LoadedSpec['library'];
  protected readonly ops: OpTable;
  protected readonly reporter: Reporter;
  protected readonly scope: ModuleScope;
  /** Alternatives of the variants, which `variant == alternative` compares with. */
  protected alternatives: Known = new Set();

  constructor(loaded: LoadedSpec, ops: OpTable, reporter: Reporter, scope: ModuleScope) {
    this.library = loaded.library;
    this.ops = ops;
    this.reporter = reporter;
    this.scope = scope;
  }

  protected shape(shape: ShapeRef, known: Known): void {
    for (const axis of shape.dims) if (axis.kind !== 'rest') this.expr(axis, known);
  }

  protected stmts(statements: readonly Stmt[], known: Known): void {
    for (const s of statements) {
      if (this.reporter.full) return;
      if (s.kind === 'bind' || s.kind === 'expr') this.expr(s.value, known);
      else if (s.kind === 'update') {
        this.expr({ kind: 'name', ...s.target }, known);
        this.expr(s.value, known);
      } else if (s.kind === 'require') {
        this.expr(s.cond, known);
        if (s.message) this.expr(s.message, known);
      } else if (s.kind === 'for') {
        this.expr(s.source, known);
        this.stmts(s.body, known);
      }
    }
  }

  protected expr(expr: Expr, known: Known): void {
    switch (expr.kind) {
      case 'name':
        this.name(expr, known);
        break;
      case 'comprehension':
        this.expr(expr.source, known);
        this.expr(expr.item, new Set([...known, expr.variable.name]));
        break;
      case 'binary':
        this.expr(expr.left, known);
        if (expr.right.kind === 'name' && this.alternatives.has(expr.right.name)) break;
        this.expr(expr.right, known);
        break;
      case 'call':
        this.call(expr, known, 0);
        break;
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
        for (const part of partsOf(expr)) this.expr(part, known);
        break;
    }
  }

  private name({ name, span }: { name: string; span: Expr['span'] }, known: Known): void {
    if (
      known.has(name) ||
      this.scope.names.has(name) ||
      builtins.has(name) ||
      name === 'B' ||
      name === 'training'
    )
      return;
    const op = this.ops.get(name);
    if (op && !op.internal) return;
    reportUnknown({ ops: this.ops, library: this.library, report: this.reporter.report }, name, span, [
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
