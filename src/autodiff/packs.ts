import type { GraphBuilder } from '../ir/builder.ts';
import type { Shape, ValueId } from '../ir/graph.ts';
import { packLength } from '../ir/packing.ts';

/** A pack must fit one storage binding; 128 MiB is what WebGPU guarantees, and the padding needs some of it. */
const PACK_BYTES = 96 * 2 ** 20;

/** Splits tensors into groups whose packs fit a binding, as indices. */
export function packGroups(shapes: readonly Shape[]): number[][] {
  const groups: number[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  shapes.forEach((shape, i) => {
    const size = 4 * packLength([shape]);
    if (bytes + size > PACK_BYTES) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)!.push(i);
    bytes += size;
  });
  return groups;
}

export function pack(b: GraphBuilder, values: readonly ValueId[]): ValueId {
  return b.apply('pack', values);
}
