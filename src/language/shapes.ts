import type { Expr, FunctionDecl, FunctionParameter, ShapeRef } from '../../grammar/ast.ts';
import type { Span } from '../../grammar/span.ts';
import { type Dim, type Dims, formatDims } from '../ir/dim.ts';
import { type Context, type Given, placeNote } from './context.ts';
import type { Label } from './diagnostics/index.ts';
import type { Env } from './env.ts';
import { fromDim, toDim } from './numbers.ts';
import { checkType } from './types.ts';
import { describe, ERROR, isNumber, show, type TensorValue, type Value } from './values.ts';

/** Elements that a tensor may have. */
export const MAX_ELEMENTS = 2 ** 32;

/** Axes that a tensor may have: ops name them by the letters of an alphabet. */
export const MAX_AXES = 24;

type AxisPattern = { dim: Dim } | { binds: string } | { any: true } | { rest: true } | undefined;

/** `_`, which stands for any size in the shapes of a signature. */
export const isAnySize = (axis: ShapeRef['dims'][number]): boolean =>
  axis.kind === 'name' && axis.name === '_';

/** `[B, 96, H/4, W/4] from `up` (line 40)`. */
export function shapeLabel(tensor: TensorValue, span: Span): Label {
  const where =
    tensor.span.file === span.file ? `line ${tensor.span.line}` : `${tensor.span.file}:${tensor.span.line}`;
  return { span, text: `${formatDims(tensor.dims)} from ${tensor.from} (${where})` };
}

/** The size that an expression of a shape stands for; reported where it is none. */
function evaluateDim(c: Context, expr: Expr, env: Env): Dim | undefined {
  const value = c.evaluate(expr, env);
  if (value.kind === 'error') return undefined;
  const dim = toDim(value);
  if (dim) return dim;
  if (isNumber(value) && value.kind === 'rational' && value.den !== 1) {
    c.report('not-an-integer', expr.span, { what: 'a size', found: show(value) }, { notes: placeNote(c) });
  } else
    c.report('bad-shape', expr.span, { what: 'this axis', found: describe(value) }, { notes: placeNote(c) });
  return undefined;
}

/** All sizes, at least 1, of a shape without `...`; `undefined` where one failed. */
export function evaluateShape(c: Context, shape: ShapeRef, env: Env): Dim[] | undefined {
  if (shape.dims.length > MAX_AXES) {
    c.report('bad-shape', shape.span, {
      what: `this shape of ${shape.dims.length} axes`,
      found: `a tensor has ${MAX_AXES} at most`,
    });
    return undefined;
  }
  const dims: (Dim | undefined)[] = [];
  for (const axis of shape.dims) {
    if (axis.kind === 'rest') {
      c.report('bad-shape', axis.span, {
        what: '`...`',
        found: 'it stands for any axes, and these must be known',
      });
      dims.push(undefined);
    } else {
      const dim = evaluateDim(c, axis, env);
      if (dim?.size === 0) {
        c.report('bad-shape', axis.span, { what: 'this axis', found: '0' }, { notes: placeNote(c) });
      }
      dims.push(dim?.size === 0 ? undefined : dim);
    }
  }
  return dims.every((d): d is Dim => d !== undefined) ? dims : undefined;
}

export function concreteShape(
  c: Context,
  dims: Dims,
  batch: number,
  what: string,
  span: Span,
): number[] | undefined {
  const shape = dims.map((d) => d.at(batch));
  const elements = shape.reduce((n, d) => n * d, 1);
  if (elements <= MAX_ELEMENTS) return shape;
  c.report('tensor-too-large', span, { what, elements: elements.toExponential(2) }, { notes: placeNote(c) });
  return undefined;
}

/** Evaluates the arguments' shapes and types for a call, and binds names and sizes in `env`. */
export function bindSignature(
  c: Context,
  callee: string,
  fn: FunctionDecl,
  args: ReadonlyMap<string, Given>,
  env: Env,
  span: Span,
): boolean {
  let fine = true;
  for (const param of fn.params) {
    const given = args.get(param.name.name);
    let value = given?.value ?? ERROR;
    if (value.kind !== 'error' && given) {
      if (param.shape) value = bindTensor(c, callee, param, param.shape, given, env, span) ? value : ERROR;
      else if (param.type) value = checkType(c, `\`${param.name.name}\``, value, param.type, env, given.span);
    }
    if (value.kind === 'error') {
      fine = false;
      // The sizes that it would have bound are unknown, not undefined, to the arguments after it.
      for (const axis of param.shape?.dims ?? []) {
        if (axis.kind === 'name' && axis.name !== 'B' && !isAnySize(axis) && !env.get(axis.name))
          env.set(axis.name, ERROR);
      }
    }
    env.set(param.name.name, value);
  }
  return fine;
}

function bindTensor(
  c: Context,
  callee: string,
  param: FunctionParameter,
  shape: ShapeRef,
  given: Given,
  env: Env,
  span: Span,
): boolean {
  const { value } = given;
  const name = `\`${param.name.name}\``;
  if (value.kind === 'none') return true;
  if (value.kind !== 'tensor') {
    const expected = `a tensor ${patternText(shape)}`;
    c.report('wrong-type', given.span, {
      what: `${name} of \`${callee}\``,
      expected,
      found: describe(value),
    });
    return false;
  }
  const patterns = patternsOf(c, shape, env);
  if (patterns.includes(undefined)) return false;
  if (match(patterns, value.dims, env)) return true;
  const expected = formatPatterns(patterns);
  c.report(
    'signature-mismatch',
    span,
    { callee, name: param.name.name, expected, found: formatDims(value.dims) },
    {
      labels: [shapeLabel(value, given.span), { span: shape.span, text: `${name} is ${expected} here` }],
      notes: [...differences(patterns, value.dims), ...placeNote(c, 1)],
      hint: tensorSuggestion(env, callee, (t) => match(patterns, t.dims)),
    },
  );
  return false;
}

/** Checks a result against a declared shape, whose names must be known by now. */
export function checkResult(c: Context, what: string, value: Value, shape: ShapeRef, env: Env): Value {
  if (value.kind === 'error') return value;
  if (value.kind !== 'tensor') {
    c.report('wrong-type', shape.span, {
      what,
      expected: `a tensor ${patternText(shape)}`,
      found: describe(value),
    });
    return ERROR;
  }
  const patterns = patternsOf(c, shape, env);
  if (patterns.includes(undefined)) return ERROR;
  if (match(patterns, value.dims, env)) return value;
  c.report(
    'result-mismatch',
    shape.span,
    { what, expected: formatPatterns(patterns), found: formatDims(value.dims) },
    {
      labels: [shapeLabel(value, value.span)],
      notes: [...differences(patterns, value.dims), ...placeNote(c)],
    },
  );
  return ERROR;
}

function patternsOf(c: Context, shape: ShapeRef, env: Env): AxisPattern[] {
  return shape.dims.map((axis): AxisPattern => {
    if (axis.kind === 'rest') {
      if (shape.dims.find((d) => d.kind === 'rest') === axis) return { rest: true };
      c.report('bad-shape', axis.span, { what: 'a second `...`', found: 'only one can stand for any axes' });
      return undefined;
    }
    if (isAnySize(axis)) return { any: true };
    if (axis.kind === 'name' && axis.name !== 'B' && env.get(axis.name) === undefined)
      return { binds: axis.name };
    const dim = evaluateDim(c, axis, env);
    return dim && { dim };
  });
}

/** Whether sizes fit a pattern; with `env`, binds the names that the pattern leaves open. */
function match(patterns: readonly AxisPattern[], dims: Dims, env?: Env): boolean {
  const rest = patterns.findIndex((p) => p && 'rest' in p);
  if (rest < 0 ? dims.length !== patterns.length : dims.length < patterns.length - 1) return false;
  const bound = new Map<string, Dim>();
  const fits = patterns.every((pattern, i) => {
    if (!pattern || 'rest' in pattern) return true;
    const dim = dims[rest >= 0 && i > rest ? dims.length - patterns.length + i : i];
    if ('any' in pattern) return true;
    if ('dim' in pattern) return pattern.dim.equals(dim);
    const before = bound.get(pattern.binds);
    bound.set(pattern.binds, dim);
    return !before || before.equals(dim);
  });
  if (fits && env) for (const [name, dim] of bound) env.set(name, fromDim(dim));
  return fits;
}

function formatPatterns(patterns: readonly AxisPattern[]): string {
  const axes = patterns.map((p) => {
    if (!p || 'rest' in p) return '...';
    if ('any' in p) return '_';
    return 'dim' in p ? String(p.dim) : p.binds;
  });
  return `[${axes.join(', ')}]`;
}

function patternText(shape: ShapeRef): string {
  const axes = shape.dims.map((d) => (d.kind === 'rest' ? '...' : d.kind === 'name' ? d.name : '…'));
  return `[${axes.join(', ')}]`;
}

function differences(patterns: readonly AxisPattern[], dims: Dims): string[] {
  if (patterns.some((p) => p && 'rest' in p)) return [];
  if (patterns.length !== dims.length) return [`${patterns.length} axes expected, ${dims.length} found`];
  const differing = patterns.flatMap((p, i) =>
    p && 'dim' in p && !p.dim.equals(dims[i]) ? [`axis ${i}: ${sized(p.dim)} and ${sized(dims[i])}`] : [],
  );
  return differing.length > 0 ? [`these differ: ${differing.join('; ')}`] : [];
}

/** `H/4`, with the number where the text is not one. */
export function sized(dim: Dim): string {
  const text = String(dim);
  return dim.batch || text === String(dim.size) ? text : `${text} = ${dim.size}`;
}

/** A tensor that can be named here and fits. */
export function tensorSuggestion(
  env: Env,
  not: string,
  fits: (t: TensorValue) => boolean,
): string | undefined {
  const found: string[] = [];
  const consider = (name: string, v: Value) => {
    if (v.kind === 'tensor' && fits(v)) found.push(`${name}, which is ${formatDims(v.dims)}`);
  };
  for (const [name, value] of env.vars) {
    if (name === not) continue;
    if (value.kind === 'list') {
      value.items.forEach((v, i) => {
        consider(`${name}[${i}]`, v);
      });
    } else consider(name, value);
  }
  return found[0];
}
