import type { Graph, ValueId } from '../ir/graph.ts';
import { bytesOf, bytesPerElement } from '../ir/storage.ts';
import type { Views } from './views.ts';

/** Where a value lies, in bytes. */
export interface Location {
  readonly buffer: number;
  readonly offset: number;
  readonly size: number;
  /** Among values of which the dispatches of a program read some and write others. */
  readonly arena?: true;
}

/** Where a value lies: in its root's memory, which may have room for more. */
export function locationOf(
  v: ValueId,
  graph: Graph,
  views: Views,
  locations: ReadonlyMap<ValueId, Location>,
): Location | undefined {
  const root = views.root(v);
  const whole = locations.get(root);
  // A pack's root is longer than the values that it is made of, and every other alias as long as its root.
  if (!whole || views.same(v) === root) return whole;
  const value = graph.values[v];
  return {
    ...whole,
    offset: whole.offset + bytesPerElement(value) * views.offset(v),
    size: bytesOf(value),
  };
}
