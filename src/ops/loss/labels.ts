import { formatDims } from '../../ir/dim.ts';
import { type Attrs, elementCount, type Shape } from '../../ir/graph.ts';
import { ShapeError, type TensorType } from '../../ir/op.ts';
import { MOST_REGIONS } from '../../recipe/losses.ts';

/** Logits [B, C, ...] need class ids [B, ...]. Throws {@link ShapeError}. */
export function checkLabels(name: string, [x, target]: readonly TensorType[]): void {
  const wanted = x.dims.filter((_, i) => i !== 1);
  if (x.dims.length < 2) {
    throw new ShapeError(`\`${name}\` needs logits [B, C, ...], found ${formatDims(x.dims)}`, [0]);
  }
  if (target.dims.length !== wanted.length || !target.dims.every((d, i) => d.equals(wanted[i]))) {
    throw new ShapeError(
      `\`${name}\` of logits ${formatDims(x.dims)} needs class ids ${formatDims(wanted)}, found ${formatDims(target.dims)}`,
      [0, 1],
    );
  }
  if (target.dtype !== 'i32') {
    throw new ShapeError(`\`${name}\` needs class ids of type i32, found ${target.dtype}`, [1]);
  }
}

/** An attribute of one number a class, or of none at all. Throws {@link ShapeError}. */
export function checkWeights(name: string, attr: string, [x]: readonly TensorType[], a: Attrs): void {
  const { length } = a[attr] as readonly number[];
  if (length === 0 || x.dims[1].equals(length)) return;
  throw new ShapeError(
    `\`${name}\` of ${x.dims[1]} classes needs as many numbers in \`${attr}\`, found ${length}`,
    [0],
  );
}

/** A loss that leaves class 0 out needs another. Throws {@link ShapeError}. */
export function checkForeground(name: string, [x]: readonly TensorType[], a: Attrs): void {
  if (a['background'] || !x.dims[1].equals(1)) return;
  throw new ShapeError(`\`${name}\` without background needs at least two classes, found 1`, [0]);
}

/** Each region is a bit of a label. Throws {@link ShapeError}. */
export function checkRegions(name: string, [x]: readonly TensorType[]): void {
  if (x.dims[1].size <= MOST_REGIONS) return;
  throw new ShapeError(`\`${name}\` takes at most ${MOST_REGIONS} regions, found ${x.dims[1]}`, [0]);
}

/** Logits [B, C, ...] as samples × classes × inner positions. */
export function logitLayout(shape: Shape) {
  const [samples, classes] = shape;
  const inner = elementCount(shape.slice(2));
  return { samples, classes, inner, positions: samples * inner };
}
