import type { Span } from '../../grammar/span.ts';
import { Dim, type Dims, formatDims, sameDims } from '../ir/dim.ts';
import type { Attr, ValueId } from '../ir/graph.ts';
import { type AttrSpec, type Op, ShapeError, type TensorType } from '../ir/op.ts';
import { bindArguments } from './arguments.ts';
import { type Context, type Given, placeNote } from './context.ts';
import type { Env } from './env.ts';
import { fitsF32 } from './f32.ts';
import { MAX_AXES, MAX_ELEMENTS, shapeLabel, sized, tensorSuggestion } from './shapes.ts';
import { describe, ERROR, isInt, isNumber, show, type TensorValue, toNumber, type Value } from './values.ts';

/** Ops that only act in training; elsewhere, and at rate 0, they are left out of the graph. */
const stochastic = new Set(['drop_path']);

/** Applies an op: operands first, then attributes, by position or by name. Several outputs make a list. */
export function applyOp(c: Context, op: Op, args: readonly Given[], span: Span, env: Env): Value {
  const callee = `\`${op.name}\``;
  const operands: (Given & { value: TensorValue })[] = [];
  const split = operandsAndAttributes(op, args);
  const names = [...split.operandNames, ...Object.keys(op.attrs)];
  const required = [
    ...op.operands.filter((o) => !o.optional && !o.variadic).map((o) => o.name),
    ...Object.entries(op.attrs).flatMap(([name, spec]) => (spec.default === undefined ? [name] : [])),
  ];
  const bound = bindArguments(c, callee, names, required, split.args, span);
  if (!bound) return ERROR;
  let absent: string | undefined;
  for (const name of split.operandNames) {
    const given = bound.get(name);
    const spec = op.operands.find((o) => o.name === name);
    if (given?.value.kind === 'error') return ERROR;
    if (!given || (given.value.kind === 'none' && spec?.optional)) {
      absent ??= name;
      continue;
    }
    if (given.value.kind !== 'tensor') {
      const found = describe(given.value);
      c.report('wrong-type', given.span, {
        what: `the operand \`${name}\` of ${op.name}`,
        expected: 'a tensor',
        found,
      });
      return ERROR;
    }
    if (absent !== undefined) {
      c.report(
        'missing-argument',
        span,
        { callee, name: absent },
        {
          notes: [`\`${name}\` is given, and operands can only be left off from the end`],
        },
      );
      return ERROR;
    }
    operands.push({ ...given, value: spec?.dtype === 'i32' ? given.value : floats(c, given.value) });
  }
  const attrs: Record<string, Attr> = {};
  let sizes: Dims | undefined;
  for (const [name, spec] of Object.entries(op.attrs)) {
    const given = bound.get(name);
    if (given && spec.sizes) {
      sizes = toSizes(c, op, name, given);
      if (!sizes) return ERROR;
      // The graph is for one batch size, and has the true sizes for it.
      attrs[name] = sizes.map((d) => d.at(c.batch));
      continue;
    }
    const value = given ? toAttr(c, op, name, spec, given, env) : spec.default;
    if (value === undefined) return ERROR;
    attrs[name] =
      spec.type === 'int[]' && typeof value === 'number' && spec.repeat
        ? new Array(spec.repeat).fill(value)
        : value;
  }
  if (stochastic.has(op.name) && (!c.stochastic || attrs['rate'] === 0)) return operands[0].value;
  if (op.mixesSamples) {
    c.asksForMode();
    if (op.mixesSamples(operands.length, c.training))
      c.report('batch-dependent', ownPlace(c, span), { op: op.name }, { notes: placeNote(c) });
  }
  return build(c, op, operands, attrs, sizes, span, env);
}

/** Where the spec's own text asks for what a block that comes with archc does. */
function ownPlace(c: Context, span: Span): Span {
  return [span, ...c.building.map((b) => b.span).reverse()].find(({ file }) => c.own.has(file)) ?? span;
}

/** Whole numbers become floats wherever something is calculated with them. */
function floats(c: Context, value: TensorValue): TensorValue {
  if (value.dtype === 'f32') return value;
  return { ...value, id: c.builder.apply('to_float', [value.id]), dtype: 'f32' };
}

/** A variadic operand takes all tensors in front, and the entries of lists; each gets a name of its own. */
function operandsAndAttributes(op: Op, args: readonly Given[]): { operandNames: string[]; args: Given[] } {
  const last = op.operands[op.operands.length - 1];
  if (!last?.variadic) return { operandNames: op.operands.map((o) => o.name), args: [...args] };
  const spread = args.flatMap((a) =>
    a.value.kind === 'list' &&
    !a.name &&
    a.value.items.every((v) => v.kind === 'tensor' || v.kind === 'error')
      ? a.value.items.map((value): Given => ({ ...a, value }))
      : [a],
  );
  const tensors = spread.filter(
    (a) => !a.name && (a.value.kind === 'tensor' || a.value.kind === 'error'),
  ).length;
  const fixed = op.operands.slice(0, -1).map((o) => o.name);
  const rest = Array.from({ length: Math.max(1, tensors - fixed.length) }, (_, i) => `${last.name} ${i + 1}`);
  return { operandNames: [...fixed, ...rest], args: spread };
}

function build(
  c: Context,
  op: Op,
  operands: readonly (Given & { value: TensorValue })[],
  attrs: Readonly<Record<string, Attr>>,
  sizes: Dims | undefined,
  span: Span,
  env: Env,
): Value {
  const types: TensorType[] = operands.map(({ value }) => ({ dims: value.dims, dtype: value.dtype }));
  let outputs: TensorType[];
  let ids: ValueId[];
  try {
    outputs = op.shape(types, attrs, sizes);
    for (const { dims } of outputs) {
      const elements = dims.reduce((n, d) => n * d.at(c.batch), 1);
      if (dims.some((d) => !Number.isInteger(d.size) || d.size < 1)) {
        throw new ShapeError(
          `\`${op.name}\` would give the impossible shape ${formatDims(dims)}`,
          operands.map((_, i) => i),
        );
      }
      if (dims.length > MAX_AXES) {
        throw new ShapeError(
          `\`${op.name}\` would give a tensor of ${dims.length} axes; ${MAX_AXES} are possible`,
          operands.map((_, i) => i),
        );
      }
      if (elements > MAX_ELEMENTS) {
        const what = `the result of ${op.name}`;
        c.report(
          'tensor-too-large',
          span,
          { what, elements: elements.toExponential(2) },
          { notes: placeNote(c) },
        );
        return ERROR;
      }
    }
    ids = c.builder.applyAll(
      op.name,
      operands.map(({ value }) => value.id),
      attrs,
    );
  } catch (e) {
    if (!(e instanceof ShapeError)) throw e;
    reportShape(c, e, op, operands, span, env);
    return ERROR;
  }
  const results = outputs.map(
    ({ dims, dtype }, i): Value => ({
      kind: 'tensor',
      id: ids[i],
      dims,
      dtype,
      span,
      from: `\`${op.name}\``,
    }),
  );
  return results.length === 1 ? results[0] : { kind: 'list', items: results };
}

function reportShape(
  c: Context,
  error: ShapeError,
  op: Op,
  operands: readonly (Given & { value: TensorValue })[],
  span: Span,
  env: Env,
): void {
  const shown = error.operands.length > 0 ? error.operands : operands.map((_, i) => i);
  const labels = shown.flatMap((i) => (operands[i] ? [shapeLabel(operands[i].value, operands[i].span)] : []));
  const values = operands.map((o) => o.value);
  const hint = error.hint ?? (pointwise.has(op.name) ? sameShapeSuggestion(values, env) : undefined);
  c.report(
    'shape-mismatch',
    span,
    { message: error.message },
    {
      labels,
      notes: [
        ...axisNotes(
          op,
          operands.map((o) => o.value.dims),
        ),
        ...placeNote(c),
      ],
      hint,
    },
  );
}

const pointwise = new Set(['add', 'sub', 'mul', 'div']);

/** A tensor in scope that could stand in for the second operand, or else for the first. */
function sameShapeSuggestion([a, b]: readonly TensorValue[], env: Env): string | undefined {
  const fits = (dims: Dims) => (t: TensorValue) => t.id !== a.id && t.id !== b.id && sameDims(t.dims, dims);
  return tensorSuggestion(env, '', fits(a.dims)) ?? tensorSuggestion(env, '', fits(b.dims));
}

/** Which axes differ, for ops that take two tensors of one shape. */
function axisNotes(op: Op, [a, b]: readonly Dims[]): string[] {
  if (!pointwise.has(op.name) || a.length !== b.length) return [];
  const differing = a.flatMap((d, i) =>
    d.equals(b[i]) ? [] : [`axis ${i}: ${sized(d)} and ${sized(b[i])}`],
  );
  return [`these differ: ${differing.join('; ')}`];
}

/** The value as the attribute wants it; `undefined` once reported. */
function toAttr(c: Context, op: Op, name: string, spec: AttrSpec, given: Given, env: Env): Attr | undefined {
  const { value, span } = given;
  if (value.kind === 'error') return undefined;
  const what = `\`${name}\` of ${op.name}`;
  const wrong = (expected: string): undefined => {
    c.report('wrong-type', span, { what, expected, found: describe(value) }, { notes: placeNote(c) });
    return undefined;
  };
  const whole = (v: Value): number | undefined => {
    if (isInt(v)) return v.num;
    if (isNumber(v)) c.report('not-an-integer', span, { what, found: show(v) }, { notes: placeNote(c) });
    else wrong(spec.type === 'int' ? 'a whole number' : 'whole numbers');
    return undefined;
  };
  switch (spec.type) {
    case 'int':
      return whole(value);
    case 'float':
      if (!isNumber(value)) return wrong('a number');
      return fitsF32(c, what, toNumber(value), { ...given, env }) ? toNumber(value) : undefined;
    case 'bool':
      return value.kind === 'bool' ? value.value : wrong('true or false');
    case 'string':
      if (value.kind !== 'string') return wrong('a string');
      if (!spec.choices || spec.choices.includes(value.value)) return value.value;
      c.report('illegal-value', span, {
        what,
        expected: `one of ${spec.choices.join(', ')}`,
        found: `"${value.value}"`,
      });
      return undefined;
    case 'int[]': {
      if (isInt(value) && spec.repeat) return value.num;
      if (value.kind !== 'vector' && value.kind !== 'list') return wrong('a vector of whole numbers');
      if (value.items.some((v) => v.kind === 'error')) return undefined;
      if (value.items.some((v) => v.kind === 'dim')) return wrong('sizes without the batch');
      const items = value.items.map(whole);
      return items.every((v): v is number => v !== undefined) ? items : undefined;
    }
  }
}

/** Sizes of axes, which may hold the batch, or be -1 where the op works one out; `undefined` once reported. */
function toSizes(c: Context, op: Op, name: string, { value, span }: Given): Dims | undefined {
  const what = `\`${name}\` of ${op.name}`;
  if (value.kind === 'error') return undefined;
  if (value.kind !== 'vector' && value.kind !== 'list') {
    const expected = 'sizes, such as [B, 16, 8]';
    c.report('wrong-type', span, { what, expected, found: describe(value) }, { notes: placeNote(c) });
    return undefined;
  }
  const dims = value.items.map((v): Dim | undefined => {
    if (v.kind === 'dim') return v.dim;
    if (isInt(v)) return Dim.of(v.num, v.origin);
    if (isNumber(v)) c.report('not-an-integer', span, { what, found: show(v) }, { notes: placeNote(c) });
    else if (v.kind !== 'error')
      c.report(
        'wrong-type',
        span,
        { what, expected: 'whole numbers', found: describe(v) },
        { notes: placeNote(c) },
      );
    return undefined;
  });
  return dims.every((d): d is Dim => d !== undefined) ? dims : undefined;
}
