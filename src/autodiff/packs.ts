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

/** Packed values need memory of their own: one that is shared, a view of a source or used twice is copied. */
export function ownMemory(b: GraphBuilder, values: readonly ValueId[]): ValueId[] {
  const viewOf = new Map<ValueId, ValueId>();
  for (const node of b.nodeList) if (node.op === 'reshape') viewOf.set(node.outputs[0], node.inputs[0]);
  const computed = new Set(b.nodeList.flatMap((n) => n.outputs));
  const taken = new Set<ValueId>();
  return values.map((v) => {
    let root = v;
    for (let next = viewOf.get(root); next !== undefined; next = viewOf.get(root)) root = next;
    if (computed.has(root) && !taken.has(root)) {
      taken.add(root);
      return v;
    }
    return b.dtype(v) === 'i32' ? b.apply('increment', [v], { by: 0 }) : b.affine(v, 1);
  });
}
