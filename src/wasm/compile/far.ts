import { exponentOf } from '../../math.ts';
import { GUARD, PLACE_UNIT } from '../../runtime/wasm/memory-map.ts';
import type { Context } from './context.ts';
import type { Graph } from './graph.ts';
import { MOST_OFFSET } from './linear.ts';
import type { Node } from './region.ts';

/**
 * Addresses of 64 bits. Where something lies in a binding is computed in 32 bits, as a binding is smaller than 4 GiB; only
 * the binding's own address has 64, and is added last. What is computed in 32 bits may lie below the binding by what the
 * offset of an access adds again, and by the guard: it counts from so far below, so that it never wraps.
 */
const BELOW = MOST_OFFSET + GUARD;

/** The address from which places in a binding are counted, of the word that says where it lies. */
export const farOf = (g: Graph, word: Node): Node =>
  g.op(
    'i64.add',
    g.op('i64.shl', g.op('i64.extend_i32_u', word), g.i64(exponentOf(PLACE_UNIT[64]))),
    g.i64(-BELOW),
  );

/** What the address of a place has beyond it. */
export const belowOf = (far: Node | undefined): number => (far ? BELOW : 0);

/** An address of 32 bits, or what of one is to be counted from `far`, as an address of the memory. */
export function memoryAddress({ graph: g, options }: Context, address: Node, far?: Node): Node {
  if (options.address !== 64) return address;
  const wide = g.op('i64.extend_i32_u', address);
  return far ? g.op('i64.add', far, wide) : wide;
}
