import { arithmetic, bitcast, compare, complement, convert, negate } from '../wgsl/arithmetic.ts';
import type { ComparisonOp } from '../wgsl/syntax.ts';
import type { Expression, Variable } from '../wgsl/tree.ts';
import { elementOf, type ScalarName, type Type } from '../wgsl/types.ts';
import { applyBuiltin } from './builtins.ts';
import type { Invocation } from './invocation.ts';
import { countOf, partAt, readValue, type Value, zeroOf } from './values.ts';

/** The value of an expression. */
export function evaluate(e: Expression, at: Invocation): Value {
  switch (e.kind) {
    case 'literal':
      return e.value;
    case 'variable':
    case 'field':
    case 'index':
      return isPlace(e) ? readPlace(e, at) : readPart(e, at);
    case 'swizzle': {
      const base = evaluate(e.base, at) as readonly Value[];
      return e.type.kind === 'vector' ? e.lanes.map((k) => base[k]) : base[e.lanes[0]];
    }
    case 'unary': {
      const { name } = elementOf(e.type)!;
      return map1(evaluate(e.operand, at), (x) =>
        e.op === '-' ? negate(name, x) : e.op === '~' ? complement(name, x) : 1 - x,
      );
    }
    case 'binary':
      return binary(e, evaluate(e.left, at), evaluate(e.right, at));
    case 'logical': {
      const left = evaluate(e.left, at);
      if (e.op === '&&' ? left === 0 : left === 1) return left;
      return evaluate(e.right, at);
    }
    case 'splat': {
      const value = evaluate(e.operand, at);
      return Array.from({ length: countOf(e.type, 0) }, () => value);
    }
    case 'construct': {
      if (e.parts.length === 0) return zeroOf(e.type);
      const parts = e.parts.map((p) => evaluate(p, at));
      return e.type.kind === 'vector' ? parts.flat() : parts;
    }
    case 'convert': {
      const from = elementOf(e.operand.type)!.name;
      const to = elementOf(e.type)!.name;
      return map1(evaluate(e.operand, at), (x) => convert(to, from, x));
    }
    case 'bitcast': {
      const from = elementOf(e.operand.type)!.name;
      const to = elementOf(e.type)!.name;
      return map1(evaluate(e.operand, at), (x) => bitcast(to, from, x));
    }
    case 'builtin':
      return applyBuiltin(
        e,
        e.args.map((a) => evaluate(a, at)),
      );
    case 'call':
      return at.call(
        e.callee,
        e.args.map((a) => evaluate(a, at)),
      );
  }
}

function map1(value: Value, f: (x: number) => number): Value {
  return typeof value === 'number' ? f(value) : value.map((v) => map1(v, f));
}

/** Of each two parts; a scalar on the right goes with all parts. */
export function map2(a: Value, b: Value, f: (x: number, y: number) => number): Value {
  if (typeof a === 'number') return f(a, b as number);
  return a.map((v, k) => map2(v, typeof b === 'number' ? b : b[k], f));
}

export function operate(op: string, type: ScalarName, left: Value, right: Value): Value {
  return map2(left, right, (x, y) =>
    /^[<>=!]=?$/.test(op)
      ? Number(compare(op as ComparisonOp, x, y))
      : arithmetic(op as Parameters<typeof arithmetic>[0], type, x, y),
  );
}

function binary(e: Expression & { kind: 'binary' }, left: Value, right: Value): Value {
  const { type } = e.left;
  return operate(e.op, type.kind === 'matrix' ? 'f32' : elementOf(type)!.name, left, right);
}

type Place = Expression & { kind: 'variable' | 'field' | 'index' };

/** Whether an expression is a variable or a part of one, not a part of a result. */
function isPlace(e: Expression): e is Place {
  if (e.kind === 'variable') return true;
  return (e.kind === 'field' || e.kind === 'index') && isPlace(e.base);
}

/** Numbers of the parts that lead from a variable to a place. */
export interface Path {
  readonly variable: Variable;
  readonly steps: readonly number[];
}

export function pathOf(e: Expression, at: Invocation): Path {
  if (e.kind === 'variable') return { variable: e.variable, steps: [] };
  if (e.kind !== 'field' && e.kind !== 'index' && e.kind !== 'swizzle') throw new Error('no place');
  const { variable, steps } = pathOf(e.base, at);
  if (e.kind === 'field') return { variable, steps: [...steps, e.member] };
  if (e.kind === 'swizzle') return { variable, steps: [...steps, e.lanes[0]] };
  return { variable, steps: [...steps, at.clamp(evaluate(e.index, at) as number, lengthOf(e.base, at))] };
}

function lengthOf(base: Expression, at: Invocation): number {
  const bytes = base.kind === 'variable' ? at.memoryOf(base.variable)?.byteLength : undefined;
  return countOf(base.type, bytes ?? 0);
}

function readPlace(e: Expression, at: Invocation): Value {
  const { variable, steps } = pathOf(e, at);
  const memory = at.memoryOf(variable);
  if (memory) {
    const [type, offset] = offsetAt(variable.type, steps);
    return readValue(memory, offset, type);
  }
  return steps.reduce((v, k) => (v as readonly Value[])[k], at.get(variable));
}

export function offsetAt(whole: Type, steps: readonly number[]): readonly [type: Type, offset: number] {
  let type = whole;
  let offset = 0;
  for (const k of steps) {
    const [part, by] = partAt(type, k);
    type = part;
    offset += by;
  }
  return [type, offset];
}

function readPart(e: Expression & { kind: 'variable' | 'field' | 'index' }, at: Invocation): Value {
  if (e.kind === 'variable') throw new Error('a variable is a place');
  const base = evaluate(e.base, at) as readonly Value[];
  return base[e.kind === 'field' ? e.member : at.clamp(evaluate(e.index, at) as number, base.length)];
}
