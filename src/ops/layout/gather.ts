import { elementCount, type Shape, stridesOf } from '../../ir/graph.ts';
import type { RefTensor } from '../../ir/op.ts';

/**
 * Reference of the copying ops: for each output coordinate the source's coordinate, or `undefined` for 0.
 * The array given to `source` is reused and may be changed.
 */
export function gather(x: RefTensor, out: Shape, source: (at: number[]) => number[] | undefined): RefTensor {
  const data = new Float64Array(elementCount(out));
  const outStrides = stridesOf(out);
  const strides = stridesOf(x.shape);
  for (let i = 0; i < data.length; i++) {
    const from = source(out.map((n, a) => Math.floor(i / outStrides[a]) % n));
    if (from) data[i] = x.data[from.reduce((at, c, a) => at + c * strides[a], 0)];
  }
  return { shape: out, data };
}
