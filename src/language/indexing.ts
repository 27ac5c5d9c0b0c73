import type { Expr } from '../../grammar/ast.ts';
import type { Context } from './context.ts';
import type { Env } from './env.ts';
import { describe, ERROR, type IndexedValue, isInt, isNumber, show, type Value } from './values.ts';

/** `v[i]`, `v[-1]`, `v[1..3]`, and `stages[s][0]` for indexed instances. */
export function evaluateIndex(c: Context, expr: Extract<Expr, { kind: 'index' }>, env: Env): Value {
  const target = c.evaluate(expr.target, env);
  const index = c.evaluate(expr.index, env);
  if (target.kind === 'error' || index.kind === 'error') return ERROR;
  if (target.kind !== 'vector' && target.kind !== 'list' && target.kind !== 'indexed') {
    c.report('not-indexable', expr.target.span, { found: describe(target) });
    return ERROR;
  }
  if (target.kind !== 'indexed' && index.kind === 'range') {
    const { length } = target.items;
    for (const end of [index.from, index.to]) {
      if (end < 0 || end > length) {
        c.report(
          'index-out-of-range',
          expr.index.span,
          { index: end, length, last: length },
          noEntries(length),
        );
        return ERROR;
      }
    }
    return { kind: target.kind, items: target.items.slice(index.from, Math.max(index.from, index.to)) };
  }
  if (!isInt(index)) {
    const what = 'an index';
    if (isNumber(index)) c.report('not-an-integer', expr.index.span, { what, found: show(index) });
    else
      c.report('wrong-type', expr.index.span, { what, expected: 'a whole number', found: describe(index) });
    return ERROR;
  }
  if (target.kind === 'indexed') return instanceAt(c, target, index.num, expr);
  const { length } = target.items;
  const at = index.num < 0 ? length + index.num : index.num;
  if (at >= 0 && at < length) return target.items[at];
  c.report(
    'index-out-of-range',
    expr.index.span,
    { index: index.num, length, last: length - 1 },
    noEntries(length),
  );
  return ERROR;
}

const noEntries = (length: number): { hint?: string } => (length === 0 ? { hint: 'it has no entries' } : {});

function instanceAt(
  c: Context,
  target: IndexedValue,
  index: number,
  expr: Extract<Expr, { kind: 'index' }>,
): Value {
  const prefix = [...target.prefix, index];
  const key = prefix.join('.');
  const exact = target.entries.get(key);
  if (exact) return exact;
  if ([...target.entries.keys()].some((k) => k.startsWith(`${key}.`))) return { ...target, prefix };
  if (target.entries.has('broken')) return ERROR;
  const entries = [...target.entries.keys()]
    .slice(0, 12)
    .map((k) => `[${k.replaceAll('.', '][')}]`)
    .join(', ');
  c.report('no-such-instance', expr.index.span, { name: target.name, index, entries });
  return ERROR;
}
