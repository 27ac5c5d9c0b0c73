import { elementCount, type Shape, stridesOf } from '../../ir/graph.ts';
import type { RefTensor } from '../../ir/op.ts';
import { eachCoordinate } from '../geometry.ts';

/**
 * Reference of the copying ops: for each output coordinate `at` the source's coordinate, or `undefined` for 0.
 * `at` is valid during the call and may be changed.
 */
export function gather(x: RefTensor, out: Shape, source: (at: number[]) => number[] | undefined): RefTensor {
  const data = new Float64Array(elementCount(out));
  const strides = stridesOf(x.shape);
  const at = out.map(() => 0);
  eachCoordinate(out, (i, next) => {
    for (let a = 0; a < at.length; a++) at[a] = next[a];
    const from = source(at);
    if (!from) return;
    let index = 0;
    for (let a = 0; a < from.length; a++) index += from[a] * strides[a];
    data[i] = x.data[index];
  });
  return { shape: out, data };
}
