import { elementCount, type Shape, stridesOf } from '../../ir/graph.ts';
import type { RefTensor } from '../../ir/op.ts';

/**
 * Reference of the copying ops: for each output coordinate `at` the source's coordinate, or `undefined` for 0.
 * `at` is valid during the call and may be changed.
 */
export function gather(x: RefTensor, out: Shape, source: (at: number[]) => number[] | undefined): RefTensor {
  const data = new Float64Array(elementCount(out));
  const strides = stridesOf(x.shape);
  const next = out.map(() => 0);
  const at = out.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    for (let a = 0; a < at.length; a++) at[a] = next[a];
    const from = source(at);
    if (from) {
      let index = 0;
      for (let a = 0; a < from.length; a++) index += from[a] * strides[a];
      data[i] = x.data[index];
    }
    for (let a = out.length - 1; a >= 0 && ++next[a] === out[a]; a--) next[a] = 0;
  }
  return { shape: out, data };
}
