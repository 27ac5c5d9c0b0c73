import { Dim, type Dims, formatDims } from '../ir/dim.ts';
import { elementCount, type Shape, stridesOf } from '../ir/graph.ts';
import { type RefTensor, ShapeError } from '../ir/op.ts';

/** NumPy's rule: axes are aligned from the last; an axis of 1 stretches. Throws {@link ShapeError}. */
export function broadcastDims(name: string, all: readonly Dims[]): Dims {
  const rank = Math.max(...all.map((d) => d.length));
  const out: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    let dim = Dim.of(1);
    for (const dims of all) {
      const d = dims[dims.length - rank + i];
      if (!d || d.isOne()) continue;
      if (!dim.isOne() && !dim.equals(d)) throw unequal(name, all, i - rank);
      if (dim.isOne() || !dim.origin) dim = d;
    }
    out.push(dim);
  }
  return out;
}

function unequal(name: string, all: readonly Dims[], axis: number): ShapeError {
  const shapes = all.map(formatDims).join(' and ');
  const sizes = all.map((d) => String(d[d.length + axis] ?? 1)).join(' and ');
  return new ShapeError(`\`${name}\` needs equal shapes, found ${shapes}: axis ${axis} is ${sizes}`, [
    ...all.keys(),
  ]);
}

/** For each element of `out`, row-major, the index of the operand's element that it sees. */
function broadcastIndex(from: Shape, out: Shape): (flat: number) => number {
  const outStrides = stridesOf(out);
  const fromStrides = stridesOf(from);
  const lead = out.length - from.length;
  if (elementCount(from) === elementCount(out)) return (i) => i;
  return (flat) => {
    let index = 0;
    for (let a = 0; a < from.length; a++) {
      if (from[a] === 1) continue;
      index += (Math.floor(flat / outStrides[a + lead]) % out[a + lead]) * fromStrides[a];
    }
    return index;
  };
}

/** Applies `f` to each element of broadcast operands. */
export function mapBroadcast(
  inputs: readonly RefTensor[],
  out: Shape,
  f: (...xs: number[]) => number,
): RefTensor {
  const index = inputs.map((t) => broadcastIndex(t.shape, out));
  const data = new Float64Array(elementCount(out));
  const xs = new Array<number>(inputs.length);
  for (let i = 0; i < data.length; i++) {
    for (let k = 0; k < xs.length; k++) xs[k] = inputs[k].data[index[k](i)];
    data[i] = f(...xs);
  }
  return { shape: out, data };
}
