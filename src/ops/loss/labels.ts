import { formatDims } from '../../ir/dim.ts';
import { elementCount, type Shape } from '../../ir/graph.ts';
import { ShapeError, type TensorType } from '../../ir/op.ts';

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

/** Logits [B, C, ...] as samples × classes × inner positions. */
export function logitLayout(shape: Shape) {
  const [samples, classes] = shape;
  const inner = elementCount(shape.slice(2));
  return { samples, classes, inner, positions: samples * inner };
}
