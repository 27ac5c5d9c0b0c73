import type { Expr } from '../../grammar/ast.ts';

/** The expressions right inside one, in the order of the text; of an `if`, its condition. */
export function partsOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'vector':
    case 'list':
    case 'tuple':
      return expr.items;
    case 'comprehension':
      return [expr.item, expr.source];
    case 'unary':
      return [expr.operand];
    case 'binary':
    case 'pipe':
      return [expr.left, expr.right];
    case 'range':
      return [expr.from, expr.to];
    case 'index':
      return [expr.target, expr.index];
    case 'call':
      return [expr.callee, ...expr.args.map((a) => a.value)];
    case 'if':
      return [expr.cond];
    default:
      return [];
  }
}
