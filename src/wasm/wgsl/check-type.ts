import type { Scope } from './scope.ts';
import type { ExpressionSyntax, TypeSyntax } from './syntax.ts';
import type { Expression } from './tree.ts';
import { arrayOf, BOOL, F16, F32, I32, matrix, type Scalar, type Type, U32, vector } from './types.ts';
import { WgslError } from './wgsl-error.ts';

const scalars = new Map<string, Scalar>([BOOL, I32, U32, F32, F16].map((s) => [s.name, s]));

/** What gives the value of a constant expression, for the length of an array. */
export type ConstantOf = (expression: ExpressionSyntax) => Expression;

/** A type as it is written. @throws WgslError where there is no such type */
export function resolveType(syntax: TypeSyntax, scope: Scope, constantOf: ConstantOf): Type {
  const { name, args, at } = syntax;
  const part = (k: number): Type => {
    const arg = args[k];
    if (arg === undefined || 'kind' in arg) throw new WgslError(`${name} wants a type here`, arg?.at ?? at);
    return resolveType(arg, scope, constantOf);
  };
  const scalarPart = (): Scalar => {
    const of = part(0);
    if (of.kind !== 'scalar') throw new WgslError(`${name} is made of scalars`, at);
    return of;
  };
  const known = scalars.get(name);
  if (known) return known;
  const vec = /^vec([234])$/.exec(name);
  if (vec) return vector(Number(vec[1]) as 2 | 3 | 4, scalarPart());
  const mat = /^mat([234])x([234])$/.exec(name);
  if (mat) {
    if (scalarPart().name !== 'f32') throw new WgslError('only matrices of f32 are supported', at);
    return matrix(Number(mat[1]), Number(mat[2]) as 2 | 3 | 4);
  }
  if (name === 'array') {
    const of = args[0] && !('kind' in args[0]) && args[0].name === 'atomic' ? undefined : part(0);
    if (args.length < 2) return arrayOf(of ?? U32, undefined, of === undefined);
    if (of === undefined) throw new WgslError('atomics are supported in buffers only', at);
    return arrayOf(of, lengthOf(args[1], constantOf), false);
  }
  const meaning = scope.find(name);
  if (meaning?.kind === 'struct') return meaning.struct;
  throw new WgslError(`the type ${name} is not supported`, at);
}

function lengthOf(arg: TypeSyntax | ExpressionSyntax, constantOf: ConstantOf): number {
  const value = constantOf('kind' in arg ? arg : { kind: 'name', name: arg.name, at: arg.at });
  if (value.kind !== 'literal' || value.value < 1)
    throw new WgslError('an array has a constant length', arg.at);
  return value.value;
}
