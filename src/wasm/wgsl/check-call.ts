import { type ConstantOf, resolveType } from './check-type.ts';
import { coerce, concrete, foldConvert, unify } from './coerce.ts';
import type { Scope } from './scope.ts';
import type { TypeSyntax } from './syntax.ts';
import { type BuiltinName, type Expression, MAP_ARITY, type MapName } from './tree.ts';
import {
  BOOL,
  elementOf,
  F32,
  isFloating,
  isNumeric,
  isSame,
  matrix,
  type Type,
  vector,
  withElement,
} from './types.ts';
import { type Position, WgslError } from './wgsl-error.ts';

/** A function of the module, of WGSL, or a type's constructor. @throws WgslError */
export function checkCall(
  callee: TypeSyntax,
  args: readonly Expression[],
  scope: Scope,
  constantOf: ConstantOf,
): Expression {
  const { at } = callee;
  const meaning = scope.find(callee.name);
  if (meaning?.kind === 'function') {
    const { parameters, result } = meaning.tree;
    if (args.length !== parameters.length)
      throw new WgslError(`${callee.name} takes ${parameters.length} arguments`, at);
    const given = args.map((a, k) => coerce(a, parameters[k].type));
    return { kind: 'call', type: result ?? NOTHING, callee: meaning.tree, args: given, at };
  }
  if (callee.name === 'bitcast') {
    const [to] = callee.args;
    if (to === undefined || 'kind' in to) throw new WgslError('bitcast wants a type', at);
    const type = resolveType(to, scope, constantOf);
    const operand = concrete(args[0]);
    const of = elementOf(type);
    if (args.length !== 1 || !of || of.name === 'bool' || !isSame(withElement(operand.type, of), type))
      throw new WgslError(`there is no bitcast of ${operand.type.name} to ${type.name}`, at);
    return { kind: 'bitcast', type, operand, at };
  }
  if (/^vec[234]$/.test(callee.name) && callee.args.length === 0) {
    return construct(inferred(callee.name, args, at), args, at);
  }
  if (callee.name in MAP_ARITY) return checkMap(callee.name as MapName, args, at);
  const other = others[callee.name as keyof typeof others];
  if (other) return other(args, at);
  return construct(resolveType(callee, scope, constantOf), args, at);
}

/** The type of a call that gives nothing. */
export const NOTHING: Type = { kind: 'struct', name: '(nothing)', members: [] };

const builtin = (name: BuiltinName, type: Type, args: readonly Expression[], at: Position): Expression => ({
  kind: 'builtin',
  name,
  type,
  args,
  at,
});

function checkMap(name: MapName, given: readonly Expression[], at: Position): Expression {
  if (given.length !== MAP_ARITY[name]) throw new WgslError(`${name} takes ${MAP_ARITY[name]} arguments`, at);
  const typed = given.find((a) => concrete(a) === a);
  const numeric = ['abs', 'sign', 'min', 'max', 'clamp'].includes(name);
  const first = typed ?? concrete(given[0]);
  const of = numeric || typed ? first.type : withElement(first.type, F32);
  const args = given.map((a) => coerce(a, of));
  if (!(numeric ? isNumeric(of) : isFloating(of)))
    throw new WgslError(`there is no ${name} of ${of.name}`, at);
  return builtin(name, of, args, at);
}

const others = {
  select(args: readonly Expression[], at: Position): Expression {
    if (args.length !== 3) throw new WgslError('select takes 3 arguments', at);
    const [a, b] = unify(args[0], args[1]).map(concrete);
    const shaped = elementOf(a.type) !== undefined && isSame(a.type, b.type);
    const condition = args[2].type;
    if (!shaped || !(isSame(condition, BOOL) || isSame(condition, withElement(a.type, BOOL))))
      throw new WgslError(`there is no select of ${a.type.name}, ${b.type.name} by ${condition.name}`, at);
    return builtin('select', a.type, [a, b, args[2]], at);
  },
  dot(args: readonly Expression[], at: Position): Expression {
    const [a, b] = args;
    if (args.length !== 2 || a.type.kind !== 'vector' || !isSame(a.type, b.type) || !isFloating(a.type))
      throw new WgslError('dot takes two vectors of f32', at);
    return builtin('dot', F32, args, at);
  },
  transpose(args: readonly Expression[], at: Position): Expression {
    const [{ type }] = args;
    if (args.length !== 1 || type.kind !== 'matrix') throw new WgslError('transpose takes a matrix', at);
    return builtin('transpose', matrix(type.column.size, type.columns as 2 | 3 | 4), args, at);
  },
  any: (args: readonly Expression[], at: Position) => anyAll('any', args, at),
  all: (args: readonly Expression[], at: Position) => anyAll('all', args, at),
};

function anyAll(name: 'any' | 'all', args: readonly Expression[], at: Position): Expression {
  if (args.length !== 1 || args[0].type.kind !== 'vector' || args[0].type.of.name !== 'bool')
    throw new WgslError(`${name} takes a vector of bool`, at);
  return builtin(name, BOOL, args, at);
}

/** `vec3(…)`: made of what its arguments are. */
function inferred(name: string, args: readonly Expression[], at: Position): Type {
  const typed = args.find((a) => concrete(a) === a) ?? (args.length > 0 ? concrete(args[0]) : undefined);
  const of = typed && elementOf(typed.type);
  if (!of) throw new WgslError(`${name} needs to be told what it is made of`, at);
  return vector(Number(name[3]) as 2 | 3 | 4, of);
}

/** A type's constructor: zeros, a conversion, a vector of one scalar, or parts. */
function construct(type: Type, args: readonly Expression[], at: Position): Expression {
  if (args.length === 0) return { kind: 'construct', type, parts: [], at };
  const wrong = () =>
    new WgslError(`${type.name} is not made of ${args.map((a) => a.type.name).join(', ')}`, at);
  switch (type.kind) {
    case 'scalar': {
      const [operand] = args;
      if (args.length !== 1 || operand.type.kind !== 'scalar') throw wrong();
      return foldConvert(operand, type) ?? converted(operand, type, at);
    }
    case 'vector': {
      if (args.length === 1 && args[0].type.kind === 'scalar') {
        return { kind: 'splat', type, operand: coerce(args[0], type.of), at };
      }
      if (args.length === 1 && args[0].type.kind === 'vector' && args[0].type.size === type.size) {
        return converted(args[0], type, at);
      }
      const parts = args.map((a) => coerce(a, withElement(a.type, type.of)));
      const count = parts.reduce((n, p) => n + (p.type.kind === 'vector' ? p.type.size : 1), 0);
      if (count !== type.size) throw wrong();
      return { kind: 'construct', type, parts, at };
    }
    case 'matrix': {
      if (args.length !== type.columns) throw wrong();
      return { kind: 'construct', type, parts: args.map((a) => coerce(a, type.column)), at };
    }
    case 'array': {
      if (args.length !== type.length) throw wrong();
      return { kind: 'construct', type, parts: args.map((a) => coerce(a, type.of)), at };
    }
    case 'struct': {
      if (args.length !== type.members.length) throw wrong();
      return { kind: 'construct', type, parts: args.map((a, k) => coerce(a, type.members[k].type)), at };
    }
  }
}

function converted(operand: Expression, type: Type, at: Position): Expression {
  const from = concrete(operand);
  return isSame(from.type, type) ? from : { kind: 'convert', type, operand: from, at };
}
