import type { Expr, Stmt } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import { Dim } from '../ir/dim.ts';
import { evaluateArguments } from './arguments.ts';
import { trainingMode, updateBuffer } from './buffers.ts';
import { builtins } from './builtins.ts';
import { type Context, type Given, placeNote } from './context.ts';
import type { Env } from './env.ts';
import { evaluateIndex } from './indexing.ts';
import { evaluateBinary, evaluateUnary, truth } from './operators.ts';
import { causes, valuesIn } from './origins.ts';
import { reportUnknown } from './unknown-names.ts';
import {
  bool,
  describe,
  ERROR,
  float,
  int,
  isInt,
  isNumber,
  NONE,
  show,
  showPath,
  type Value,
} from './values.ts';

/** Entries that a range may have where it is gone through. */
const MAX_RANGE = 1_000_000;

/** The value of an expression; where it has none, that is reported and the result is the error value. */
export function evaluate(c: Context, expr: Expr, env: Env): Value {
  c.limits.step(expr.span);
  return c.limits.nested(expr.span, () => {
    switch (expr.kind) {
      case 'bad':
        return ERROR;
      case 'int':
        return int(expr.value);
      case 'float':
        return float(expr.value);
      case 'string':
        return { kind: 'string', value: expr.value };
      case 'bool':
        return bool(expr.value);
      case 'none':
        return NONE;
      case 'name':
        return lookUp(c, expr.name, expr.span, env);
      case 'vector':
        return vector(c, expr.items, env);
      case 'list':
      case 'tuple':
        return { kind: 'list', items: expr.items.map((e) => c.evaluate(e, env)) };
      case 'comprehension':
        return comprehension(c, expr, env);
      case 'unary':
        return evaluateUnary(c, expr, env);
      case 'binary':
        return evaluateBinary(c, expr, env);
      case 'range':
        return range(c, expr, env);
      case 'call': {
        const callee = c.evaluate(expr.callee, env);
        const args = evaluateArguments(c, expr.args, env);
        return callNamed(c, expr.callee, callee, args, expr.span, env);
      }
      case 'pipe':
        return pipe(c, expr, env);
      case 'index':
        return evaluateIndex(c, expr, env);
      case 'if': {
        const branch = chosen(c, expr, env);
        if (branch === 'error') return ERROR;
        const value = branch && c.run(branch, env);
        if (value) return value;
        const what = branch ? 'this branch' : 'an `if` without `else` whose condition is false';
        c.report('no-result', expr.span, { what });
        return ERROR;
      }
    }
  });
}

function lookUp(c: Context, name: string, span: Span, env: Env): Value {
  const value = env.get(name);
  if (value) return value;
  const builtin = builtins.get(name);
  if (builtin) return { kind: 'builtin', builtin };
  const op = c.ops.get(name);
  if (op && !op.internal) return { kind: 'op', op };
  if (name === 'B') return { kind: 'dim', dim: Dim.B };
  if (name === 'training') return trainingMode(c, span);
  reportUnknown(c, name, span, [...env.names()]);
  return ERROR;
}

function vector(c: Context, exprs: readonly Expr[], env: Env): Value {
  let fine = true;
  const items = exprs.map((e) => {
    const value = c.evaluate(e, env);
    if (value.kind === 'error') fine = false;
    else if (!isNumber(value) && value.kind !== 'bool' && value.kind !== 'dim') {
      c.report('wrong-type', e.span, {
        what: 'an entry of a vector',
        expected: 'a number, true or false',
        found: describe(value),
      });
      fine = false;
    }
    return value;
  });
  return fine ? { kind: 'vector', items } : ERROR;
}

function range(c: Context, expr: Extract<Expr, { kind: 'range' }>, env: Env): Value {
  const [from, to] = [expr.from, expr.to].map((e) => {
    const value = c.evaluate(e, env);
    if (value.kind === 'error' || isInt(value)) return value;
    const what = 'an end of a range';
    if (isNumber(value)) c.report('not-an-integer', e.span, { what, found: show(value) });
    else c.report('wrong-type', e.span, { what, expected: 'a whole number', found: describe(value) });
    return ERROR;
  });
  return isInt(from) && isInt(to) ? { kind: 'range', from: from.num, to: to.num } : ERROR;
}

/** What `for` goes through; `undefined` once reported. */
export function iterate(c: Context, source: Expr, env: Env): Iterable<Value> | undefined {
  const value = c.evaluate(source, env);
  if (value.kind === 'vector' || value.kind === 'list') return value.items;
  if (value.kind === 'range') {
    const length = Math.max(0, value.to - value.from);
    if (length <= MAX_RANGE) return Array.from({ length }, (_, i) => int(value.from + i));
    c.report('too-many-steps', source.span, { limit: MAX_RANGE });
  } else if (value.kind !== 'error') c.report('not-iterable', source.span, { found: describe(value) });
  return undefined;
}

function comprehension(c: Context, expr: Extract<Expr, { kind: 'comprehension' }>, env: Env): Value {
  const source = iterate(c, expr.source, env);
  if (!source) return ERROR;
  const inner = env.child();
  const items: Value[] = [];
  for (const value of source) {
    inner.set(expr.variable.name, value);
    items.push(c.evaluate(expr.item, inner));
  }
  return { kind: 'list', items };
}

/** Calls `callee`, which `expr` stands for; messages name it as the text does. */
function callNamed(
  c: Context,
  expr: Expr,
  callee: Value,
  args: readonly Given[],
  span: Span,
  env: Env,
): Value {
  if (callee.kind !== 'none') return c.call(callee, args, span, env);
  c.report('absent-instance', span, { name: nameOf(expr) });
  return ERROR;
}

function nameOf(expr: Expr): string {
  if (expr.kind === 'name') return expr.name;
  if (expr.kind === 'int') return String(expr.value);
  return expr.kind === 'index' ? `${nameOf(expr.target)}[${nameOf(expr.index)}]` : '…';
}

/** `x |> f(a)` is f(x, a), `x |> f` is f(x). */
function pipe(c: Context, expr: Extract<Expr, { kind: 'pipe' }>, env: Env): Value {
  const left = c.evaluate(expr.left, env);
  const { right } = expr;
  const first: Given = { name: undefined, value: left, span: expr.left.span, expr: expr.left };
  if (right.kind === 'call') {
    const callee = c.evaluate(right.callee, env);
    const args = [first, ...evaluateArguments(c, right.args, env)];
    return callNamed(c, right.callee, callee, args, right.span, env);
  }
  return callNamed(c, right, c.evaluate(right, env), [first], right.span, env);
}

/** The branch of an `if`; `undefined` where the condition is false and there is no `else`. */
function chosen(
  c: Context,
  expr: Extract<Expr, { kind: 'if' }>,
  env: Env,
): readonly Stmt[] | 'error' | undefined {
  const cond = truth(c, expr.cond, env);
  if (cond === undefined) {
    for (const name of [...boundIn(expr.body), ...boundIn(expr.else ?? [])]) env.set(name, ERROR);
    return 'error';
  }
  return cond ? expr.body : expr.else;
}

/** Runs statements in order; the value is that of the last one, if it is an expression. */
export function runStatements(c: Context, statements: readonly Stmt[], env: Env): Value | undefined {
  let result: Value | undefined;
  for (const statement of statements) {
    c.limits.step(statement.span);
    result = undefined;
    switch (statement.kind) {
      case 'bind':
        bind(c, statement, env);
        break;
      case 'for': {
        const source = iterate(c, statement.source, env);
        if (!source) for (const name of boundIn([statement])) env.set(name, ERROR);
        for (const value of source ?? []) {
          env.set(statement.variable.name, value);
          c.run(statement.body, env);
        }
        break;
      }
      case 'update':
        updateBuffer(c, statement, env);
        break;
      case 'require':
        requirement(c, statement, env);
        break;
      case 'bad':
        for (const name of statement.names) env.set(name, ERROR);
        result = ERROR;
        break;
      case 'expr':
        if (statement.value.kind === 'if') {
          const expr = statement.value;
          const branch = c.limits.nested(expr.span, () => chosen(c, expr, env));
          result =
            branch === 'error' ? ERROR : branch && c.limits.nested(expr.span, () => c.run(branch, env));
        } else result = c.evaluate(statement.value, env);
        break;
    }
  }
  return result;
}

/**
 * Reports a condition that is false, at the argument in a spec that makes it so, if there is one; whether it may
 * be true.
 */
export function requirement(
  c: Context,
  { cond, message }: { cond: Expr; message?: Expr },
  env: Env,
): boolean {
  if (truth(c, cond, env) !== false) return true;
  const text = message ? c.evaluate(message, env) : undefined;
  const place = c.building[c.building.length - 1];
  const { labels, blamed } = causes(cond, env);
  const values = valuesIn(cond, env);
  const name = place?.component.name.name;
  c.report(
    'requirement-failed',
    blamed ?? cond.span,
    { message: text?.kind === 'string' ? text.value : 'the condition is false' },
    {
      labels: [...labels, { span: cond.span, text: values === '' ? '' : `here ${values}` }],
      notes: place ? [`in ${place.path ? `\`${showPath(place.path)}\`, an instance of ${name}` : name}`] : [],
    },
  );
  return false;
}

function bind(c: Context, statement: Extract<Stmt, { kind: 'bind' }>, env: Env): void {
  const value = c.evaluate(statement.value, env);
  const { targets } = statement;
  const set = ({ name, span }: { name: string; span: Span }, v: Value) => {
    c.notes.bound(span, v);
    if (env.buffer(name)) c.report('bound-buffer', span, { name }, { notes: placeNote(c) });
    else env.set(name, v.kind === 'tensor' ? { ...v, span, from: `\`${name}\`` } : v);
  };
  if (!statement.tuple) {
    set(targets[0], value);
    return;
  }
  const items = value.kind === 'list' || value.kind === 'vector' ? value.items : undefined;
  if (items?.length === targets.length) {
    targets.forEach((target, i) => {
      set(target, items[i]);
    });
    return;
  }
  if (value.kind !== 'error') {
    c.report('tuple-mismatch', statement.value.span, {
      expected: targets.length,
      found: items ? `${items.length} values` : describe(value),
    });
  }
  for (const { name } of targets) env.set(name, ERROR);
}

/** All names that statements may bind. */
export function boundIn(statements: readonly Stmt[]): string[] {
  return statements.flatMap((s): string[] => {
    if (s.kind === 'bind') return s.targets.map((t) => t.name);
    if (s.kind === 'bad') return [...s.names];
    if (s.kind === 'for') return [s.variable.name, ...boundIn(s.body)];
    if (s.kind === 'expr' && s.value.kind === 'if')
      return [...boundIn(s.value.body), ...boundIn(s.value.else ?? [])];
    return [];
  });
}
