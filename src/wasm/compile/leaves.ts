import type { ValueType } from '../encode/module.ts';
import { elementOf, type Scalar, type Type } from '../wgsl/types.ts';
import type { Graph } from './graph.ts';
import type { Node } from './region.ts';
import { extract, extractBool, type Lane, pack, packBools } from './vectors.ts';

/**
 * How values are held: f32 as f32; i32, u32, bool (0 or 1) and f16 (its bits) as i32; `vec4` as one v128, of bool as a mask,
 * but of f16 as four; all else as its parts, one after the other. These are its leaves.
 */
export function leavesOf(type: Type): readonly ValueType[] {
  const found = known.get(type) ?? computed(type);
  known.set(type, found);
  return found;
}

const known = new WeakMap<Type, readonly ValueType[]>();

function computed(type: Type): readonly ValueType[] {
  switch (type.kind) {
    case 'scalar':
      return [type.name === 'f32' ? 'f32' : 'i32'];
    case 'vector':
      return isQuad(type) ? ['v128'] : new Array<ValueType>(type.size).fill(leavesOf(type.of)[0]);
    case 'matrix':
      return new Array(type.columns).fill(leavesOf(type.column)).flat();
    case 'array':
      return new Array(type.length!).fill(leavesOf(type.of)).flat();
    case 'struct':
      return type.members.flatMap((m) => leavesOf(m.type));
  }
}

/** Whether a vector is one v128. */
export const isQuad = (type: Type): boolean =>
  type.kind === 'vector' && type.size === 4 && type.of.name !== 'f16';

export const laneOf = (of: Scalar): Lane => (of.name === 'f32' ? 'f32' : 'i32');

export const zero = (g: Graph, rep: ValueType): Node =>
  rep === 'v128' ? g.v128([0, 0, 0, 0]) : rep === 'f32' ? g.f32(0) : g.i32(0);

/** The scalars of a scalar or vector. */
export function scalarsOf(g: Graph, type: Type, leaves: readonly Node[]): readonly Node[] {
  if (!isQuad(type)) return leaves;
  const of = elementOf(type)!;
  return [0, 1, 2, 3].map((k) =>
    of.name === 'bool' ? extractBool(g, leaves[0], k) : extract(g, laneOf(of), leaves[0], k),
  );
}

/** A scalar or vector of its scalars. */
export function fromScalars(g: Graph, type: Type, scalars: readonly Node[]): readonly Node[] {
  if (!isQuad(type)) return scalars;
  const of = elementOf(type)!;
  return [of.name === 'bool' ? packBools(g, scalars) : pack(g, laneOf(of), scalars)];
}

/** The leaves of a part of a value, as `[first, count]`; of a vec4 there are none. */
export function partLeaves(type: Type, k: number): readonly [number, number] {
  switch (type.kind) {
    case 'scalar':
      return [0, 1];
    case 'vector':
      return [k, 1];
    case 'matrix': {
      const n = leavesOf(type.column).length;
      return [k * n, n];
    }
    case 'array': {
      const n = leavesOf(type.of).length;
      return [k * n, n];
    }
    case 'struct': {
      const before = type.members.slice(0, k).reduce((n, m) => n + leavesOf(m.type).length, 0);
      return [before, leavesOf(type.members[k].type).length];
    }
  }
}
