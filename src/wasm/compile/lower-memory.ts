import type { ValueType } from '../encode/module.ts';
import type { Expression, Variable } from '../wgsl/tree.ts';
import { elementOf, offsetOf, sizeOf, strideOf, type Type } from '../wgsl/types.ts';
import { WgslError } from '../wgsl/wgsl-error.ts';
import type { Context, Home } from './context.ts';
import { belowOf, memoryAddress } from './far.ts';
import { isQuad } from './leaves.ts';
import { addressOf, type Linear, linearOf, scaled, sum, withoutQuads } from './linear.ts';
import type { Node } from './region.ts';

/** Where a part of a variable in memory lies: bytes behind the beginning of it. */
export interface MemoryPlace {
  readonly variable: Variable;
  readonly home: Home;
  readonly offset: Linear;
  readonly data: boolean;
}

const NONE: Linear = { terms: new Map(), constant: 0 };

/** @param indexOf the value of an index */
export function memoryPlace(
  c: Context,
  e: Expression,
  indexOf: (index: Expression) => Node,
): MemoryPlace | undefined {
  if (e.kind === 'variable') {
    const home = c.homes.get(e.variable);
    return home && { variable: e.variable, home, offset: NONE, data: false };
  }
  if (e.kind !== 'field' && e.kind !== 'index' && e.kind !== 'swizzle') return undefined;
  if (e.kind === 'swizzle' && e.lanes.length > 1) return undefined;
  const base = memoryPlace(c, e.base, indexOf);
  if (!base) return undefined;
  const { type } = e.base;
  if (e.kind === 'field' && type.kind === 'struct') return moved(base, offsetOf(type, e.member));
  const stride = type.kind === 'matrix' ? strideOf(type.column) : strideOf(elementType(type));
  if (e.kind === 'swizzle') return moved(base, stride * e.lanes[0]);
  if (e.kind !== 'index') throw new WgslError('this place is not supported', e.at);
  const index = bounded(c, indexOf(e.index), type, base.home, stride);
  const by = scaled(linearOf(index), stride);
  return { ...base, offset: sum(base.offset, by), data: base.data || index.data };
}

const elementType = (type: Type): Type => (type.kind === 'array' ? type.of : elementOf(type)!);
const moved = (p: MemoryPlace, by: number): MemoryPlace => ({
  ...p,
  offset: sum(p.offset, { ...NONE, constant: by }),
});

/** An index within its array, where it is not taken to be. */
function bounded(c: Context, index: Node, type: Type, home: Home, stride: number): Node {
  if (c.options.bounds === 'trusted' && !index.data) return index;
  const g = c.graph;
  const length =
    type.kind === 'array'
      ? type.length
      : type.kind === 'vector'
        ? type.size
        : type.kind === 'matrix'
          ? type.columns
          : 0;
  if (length === undefined) {
    const count = g.op('i32.div_u', home.bytes!, g.i32(stride));
    return clamped(c, index, g.op('i32.sub', count, g.i32(1)));
  }
  if (index.op === 'i32.const' && (index.imm as number) >>> 0 < length!) return index;
  const masked =
    index.op === 'i32.and' && index.args[1].op === 'i32.const' ? (index.args[1].imm as number) : -1;
  if (masked >= 0 && masked < length!) return index;
  return clamped(c, index, g.i32(length! - 1));
}

export function clamped({ graph: g }: Context, index: Node, last: Node): Node {
  return g.op('select', index, last, g.op('i32.le_u', index, last));
}

/** Address and offset of a part, `more` bytes behind the place; `quad`: a whole vec4. */
function access(c: Context, p: MemoryPlace, more: number, quad: boolean) {
  const { type, space } = p.variable;
  const quads =
    quad &&
    c.options.bounds === 'trusted' &&
    !p.data &&
    space === 'storage' &&
    type.kind === 'array' &&
    isQuad(type.of);
  const base = sum(linearOf(p.home.base), withoutQuads(p.offset, quads));
  const { far } = p.home;
  const { address, offset } = addressOf(c.graph, sum(base, { ...NONE, constant: more }), belowOf(far));
  return { address: memoryAddress(c, address, far), offset };
}

/** Loads the leaves of what lies there. */
export function load(c: Context, p: MemoryPlace, type: Type, more = 0): readonly Node[] {
  const one = (op: string, rep: ValueType, at: number): Node => {
    const { address, offset } = access(c, p, at, rep === 'v128');
    const floor = p.variable.space === 'uniform' ? c.graph.root : c.floor;
    // Whole numbers in buffers are data, and what is chosen by them.
    const data = p.variable.space !== 'uniform' && rep === 'i32';
    return p.home.written
      ? c.loadNow(p.variable, op, rep, address, offset, data || address.data)
      : c.graph.load(op, address, offset, floor, data);
  };
  switch (type.kind) {
    case 'scalar':
      if (type.name === 'f32') return [one('f32.load', 'f32', more)];
      return [one(type.name === 'f16' ? 'i32.load16_u' : 'i32.load', 'i32', more)];
    case 'vector': {
      if (isQuad(type)) return [one('v128.load', 'v128', more)];
      const stride = strideOf(type.of);
      return Array.from({ length: type.size }, (_, k) => load(c, p, type.of, more + k * stride)).flat();
    }
    case 'matrix': {
      const stride = strideOf(type.column);
      return Array.from({ length: type.columns }, (_, k) =>
        load(c, p, type.column, more + k * stride),
      ).flat();
    }
    case 'array': {
      const stride = strideOf(type.of);
      return Array.from({ length: type.length! }, (_, k) => load(c, p, type.of, more + k * stride)).flat();
    }
    case 'struct':
      return type.members.flatMap((m, k) => load(c, p, m.type, more + offsetOf(type, k)));
  }
}

/** Stores leaves there; the count of those that were stored. */
export function store(c: Context, p: MemoryPlace, type: Type, leaves: readonly Node[], more = 0): number {
  const one = (op: string, at: number): number => {
    const { address, offset } = access(c, p, at, op === 'v128.store');
    c.emit({ kind: 'store', op, address, offset, value: leaves[0], buffer: p.variable });
    c.changeMemory();
    return 1;
  };
  const parts = (types: readonly Type[], offsets: readonly number[]): number =>
    types.reduce((done, t, k) => done + store(c, p, t, leaves.slice(done), more + offsets[k]), 0);
  const alike = (t: Type, count: number) =>
    parts(
      new Array<Type>(count).fill(t),
      Array.from({ length: count }, (_, k) => k * strideOf(t)),
    );
  switch (type.kind) {
    case 'scalar':
      if (type.name === 'f32') return one('f32.store', more);
      return one(type.name === 'f16' ? 'i32.store16' : 'i32.store', more);
    case 'vector':
      return isQuad(type) ? one('v128.store', more) : alike(type.of, type.size);
    case 'matrix':
      return alike(type.column, type.columns);
    case 'array':
      return alike(type.of, type.length!);
    case 'struct':
      return parts(
        type.members.map((m) => m.type),
        type.members.map((_, k) => offsetOf(type, k)),
      );
  }
}

/** Bytes that a value of the type takes where the compiler keeps it. */
export const bytesOf = (type: Type): number => Math.ceil(sizeOf(type) / 16) * 16;
