import type { Expression, Statement } from '../wgsl/tree.ts';
import { WgslError } from '../wgsl/wgsl-error.ts';
import type { Context } from './context.ts';
import { leavesOf } from './leaves.ts';
import { lower, lowerOne, operated, partsOf } from './lower-expression.ts';
import { clamped, load, memoryPlace, store } from './lower-memory.ts';
import { binary, selected } from './operators.ts';
import { rootVariable } from './places.ts';
import type { Node } from './region.ts';

/** Stores to a variable, or to a part of one. */
export function assign(c: Context, s: Statement & { kind: 'assign' }): void {
  const place = memoryPlace(c, s.place, (index) => lowerOne(c, index));
  if (place) {
    const value = lower(c, s.value);
    const { type } = s.place;
    store(c, place, type, s.op ? combined(c, s, load(c, place, type), value) : value);
    return;
  }
  const root = rootVariable(s.place)!;
  const value = lower(c, s.value);
  const whole = c.environment.get(root);
  if (!whole) throw new WgslError(`"${root.name}" has no value here`, s.at);
  const stored = s.op ? combined(c, s, lower(c, s.place), value) : value;
  c.environment.set(root, exchanged(c, s.place, whole, stored));
}

function combined(
  c: Context,
  s: Statement & { kind: 'assign' },
  was: readonly Node[],
  value: readonly Node[],
): readonly Node[] {
  const { type } = s.place;
  if (type.kind === 'matrix') {
    const quad = value[0].rep !== was[0].rep ? c.graph.op('f32x4.splat', value[0]) : value[0];
    return was.map((x) => binary(c.graph, s.op!, 'f32', x.rep === 'v128', x, quad));
  }
  return operated(c, s.op!, type, was, value);
}

/** The whole of a variable with a part of it exchanged. */
function exchanged(
  c: Context,
  place: Expression,
  whole: readonly Node[],
  stored: readonly Node[],
): readonly Node[] {
  if (place.kind === 'variable') return stored;
  if (place.kind !== 'field' && place.kind !== 'index' && place.kind !== 'swizzle')
    throw new WgslError('this place is not supported', place.at);
  const g = c.graph;
  const { type } = place.base;
  const base = place.base.kind === 'variable' ? whole : lower(c, place.base);
  let leaves: readonly Node[];
  if (type.kind === 'struct' && place.kind === 'field') {
    const before = type.members.slice(0, place.member).reduce((n, m) => n + leavesOf(m.type).length, 0);
    leaves = [...base.slice(0, before), ...stored, ...base.slice(before + stored.length)];
  } else {
    const parts = partsOf(c, type, base);
    const index =
      place.kind === 'swizzle'
        ? g.i32(place.lanes[0])
        : clamped(c, lowerOne(c, (place as { index: Expression }).index), g.i32(parts.length - 1));
    const lane = (k: number): Node => g.op('i32.eq', index, g.i32(k));
    leaves = rejoined(
      c,
      type,
      base,
      parts.map((part, k) =>
        part.map((x, leaf) =>
          x.rep === 'v128'
            ? g.op('select_v128', stored[leaf], x, lane(k))
            : selected(g, false, x, stored[leaf], lane(k)),
        ),
      ),
    );
  }
  return exchanged(c, place.base, whole, leaves);
}

function rejoined(
  c: Context,
  type: Expression['type'],
  base: readonly Node[],
  parts: readonly (readonly Node[])[],
): readonly Node[] {
  if (type.kind !== 'vector' || base[0].rep !== 'v128') return parts.flat();
  const g = c.graph;
  const { of } = type;
  // Lanes that stay are not touched.
  return [
    parts.reduce((v, [x], k) => {
      const word = of.name === 'bool' ? g.op('i32.sub', g.i32(0), x) : x;
      return isLane(v, x, k) ? v : g.lane(`${of.name === 'f32' ? 'f32' : 'i32'}x4.replace_lane`, k, v, word);
    }, base[0]),
  ];
}

const isLane = (v: Node, x: Node, k: number): boolean =>
  x.op.endsWith('extract_lane') && x.imm === k && baseOf(v) === baseOf(x.args[0]);

/** A vector before lanes were put into it. */
const baseOf = (v: Node): Node => (v.op.endsWith('replace_lane') ? baseOf(v.args[0]) : v);
