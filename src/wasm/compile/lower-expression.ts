import type { Expression } from '../wgsl/tree.ts';
import { elementOf, type ScalarName, type Type } from '../wgsl/types.ts';
import { operandsOf } from '../wgsl/walk.ts';
import { WgslError } from '../wgsl/wgsl-error.ts';
import type { Context } from './context.ts';
import { fromScalars, isQuad, laneOf, leavesOf, partLeaves, scalarsOf, zero } from './leaves.ts';
import { lowerBuiltin, maskOf } from './lower-builtin.ts';
import { clamped, load, memoryPlace } from './lower-memory.ts';
import { binary, converted, negated, selected } from './operators.ts';
import type { Node } from './region.ts';
import { splat } from './vectors.ts';

/** The leaves of an expression's value. */
export function lower(c: Context, e: Expression): readonly Node[] {
  const g = c.graph;
  switch (e.kind) {
    case 'literal':
      if (e.type.name === 'f32') return [g.f32(e.value)];
      if (e.type.name === 'f16') return [lowerOne(c, halfLiteral(e))];
      return [g.i32(e.value)];
    case 'variable':
    case 'field':
    case 'index':
    case 'swizzle':
      return lowerPart(c, e);
    case 'unary': {
      const quad = isQuad(e.type);
      const { name } = elementOf(e.type)!;
      return lower(c, e.operand).map((x) => {
        if (e.op === '-') return negated(g, name, quad, x);
        if (quad) return g.op('v128.not', x);
        return e.op === '!' ? g.op('i32.eqz', x) : g.op('i32.xor', x, g.i32(-1));
      });
    }
    case 'binary': {
      const { type } = e.left;
      const left = lower(c, e.left);
      const right = lower(c, e.right);
      if (type.kind === 'matrix') {
        const quad = isQuad(type.column);
        const factor = quad ? splat(g, 'f32', right[0]) : right[0];
        return left.map((x) => binary(g, e.op, 'f32', quad, x, factor));
      }
      return operated(c, e.op, type, left, right);
    }
    case 'logical':
      return [lowerLogical(c, e)];
    case 'splat':
      return splatted(c, e.type, lowerOne(c, e.operand));
    case 'construct': {
      if (e.parts.length === 0) return leavesOf(e.type).map((rep) => zero(g, rep));
      if (e.type.kind !== 'vector') return e.parts.flatMap((p) => lower(c, p));
      const scalars = e.parts.flatMap((p) => scalarsOf(g, p.type, lower(c, p)));
      const together = isQuad(e.type) ? c.loadedTogether(scalars) : undefined;
      return together ? [together] : fromScalars(g, e.type, scalars);
    }
    case 'convert': {
      const of = elementOf(e.type)!.name;
      const from = elementOf(e.operand.type)!.name;
      const operand = lower(c, e.operand);
      if (of !== 'f16' && from !== 'f16')
        return operand.map((x) => converted(g, of, from, isQuad(e.type), x));
      const scalars = scalarsOf(g, e.operand.type, operand);
      return fromScalars(
        g,
        e.type,
        scalars.map((x) => viaFloat(c, of, from, x)),
      );
    }
    case 'bitcast': {
      const of = elementOf(e.type)!.name === 'f32' ? 'f32' : 'i32';
      return lower(c, e.operand).map((x) => {
        if (x.rep === 'v128' || x.rep === of) return x;
        return g.op(of === 'f32' ? 'f32.reinterpret_i32' : 'i32.reinterpret_f32', x);
      });
    }
    case 'builtin':
      return lowerBuiltin(
        c,
        e,
        e.args.map((a) => lower(c, a)),
      );
    case 'call':
      return c.inlineCall(
        e.callee,
        e.args.map((a) => lower(c, a)),
      );
  }
}

/** Of a scalar, or a vec4. */
export function lowerOne(c: Context, e: Expression): Node {
  return lower(c, e)[0];
}

function halfLiteral(e: Expression & { kind: 'literal' }): Expression {
  const real = { ...e, type: { kind: 'scalar', name: 'f32' } } as const;
  return { kind: 'convert', type: e.type, operand: real, at: e.at };
}

/** Half precision becomes another type, and another type half precision, as f32. */
function viaFloat(c: Context, to: ScalarName, from: ScalarName, x: Node): Node {
  const g = c.graph;
  const real = from === 'f16' ? converted(g, 'f32', 'f16', false, x) : x;
  return converted(g, to, from === 'f16' ? 'f32' : from, false, real);
}

export function splatted(c: Context, type: Type, x: Node): readonly Node[] {
  if (!isQuad(type)) return leavesOf(type).map(() => x);
  const of = elementOf(type)!;
  return [of.name === 'bool' ? maskOf(c.graph, x) : splat(c.graph, laneOf(of), x)];
}

/** An operator on each leaf of two values of one type. */
export function operated(
  c: Context,
  op: string,
  type: Type,
  left: readonly Node[],
  right: readonly Node[],
): readonly Node[] {
  const { name } = elementOf(type)!;
  if (name === 'f16')
    throw new WgslError('arithmetic in half precision is not supported', { line: 1, column: 1 });
  return left.map((x, k) => {
    const divides = (op === '/' || op === '%') && name === 'u32' && !isQuad(type);
    const known = divides ? c.runs?.divided(op, x, right[k]) : undefined;
    return known ?? binary(c.graph, op, name, isQuad(type), x, right[k]);
  });
}

/** Whether evaluating it does nothing else and needs nothing to hold. */
function isPlain(e: Expression): boolean {
  if (e.kind === 'call' || (e.kind === 'index' && e.base.type.kind === 'array')) return false;
  return operandsOf(e).every(isPlain);
}

function lowerLogical(c: Context, e: Expression & { kind: 'logical' }): Node {
  const g = c.graph;
  const left = lowerOne(c, e.left);
  if (isPlain(e.right)) return g.op(e.op === '&&' ? 'i32.and' : 'i32.or', left, lowerOne(c, e.right));
  const [cell] = c.cellsFor([left]);
  c.set(cell, left);
  const condition = e.op === '&&' ? left : g.op('i32.eqz', left);
  const body = c.inner();
  c.within(body, body, () => c.set(cell, lowerOne(c, e.right)));
  c.emit({ kind: 'if', condition, body, otherwise: c.inner() });
  return c.get(cell, false);
}

type Part = Expression & { kind: 'variable' | 'field' | 'index' | 'swizzle' };

/** A variable or a part of a value. */
function lowerPart(c: Context, e: Part): readonly Node[] {
  const place = memoryPlace(c, e, (index) => lowerOne(c, index));
  if (place) return load(c, place, e.type);
  if (e.kind === 'variable') {
    const leaves = c.environment.get(e.variable);
    if (!leaves) throw new WgslError(`"${e.variable.name}" has no value here`, e.at);
    return leaves;
  }
  const { type } = e.base;
  const base = lower(c, e.base);
  switch (e.kind) {
    case 'field':
      return base.slice(partLeaves(type, e.member)[0]).slice(0, leavesOf(e.type).length);
    case 'swizzle': {
      const scalars = scalarsOf(c.graph, type, base);
      return fromScalars(
        c.graph,
        e.type,
        e.lanes.map((k) => scalars[k]),
      );
    }
    case 'index':
      return indexed(c, type, base, lowerOne(c, e.index));
  }
}

/** The number of parts that an index counts. */
export function partCount(type: Type): number {
  if (type.kind === 'vector') return type.size;
  if (type.kind === 'matrix') return type.columns;
  return type.kind === 'array' ? type.length! : 0;
}

/** Leaves of each part. */
export function partsOf(c: Context, type: Type, leaves: readonly Node[]): readonly (readonly Node[])[] {
  if (type.kind === 'vector') return scalarsOf(c.graph, type, leaves).map((x) => [x]);
  return Array.from({ length: partCount(type) }, (_, k) => {
    const [first, count] = partLeaves(type, k);
    return leaves.slice(first, first + count);
  });
}

/** A part of a value that lies in no memory: chosen among all of them where the index is not constant. */
function indexed(c: Context, type: Type, base: readonly Node[], index: Node): readonly Node[] {
  const g = c.graph;
  const parts = partsOf(c, type, base);
  if (index.op === 'i32.const') return parts[Math.min((index.imm as number) >>> 0, parts.length - 1)];
  const at = clamped(c, index, g.i32(parts.length - 1));
  return parts.reduce((found, part, k) => {
    const here = g.op('i32.eq', at, g.i32(k));
    return part.map((x, leaf) =>
      x.rep === 'v128' ? g.op('select_v128', x, found[leaf], here) : selected(g, false, found[leaf], x, here),
    );
  });
}
