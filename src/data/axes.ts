import type { Shape } from './planning/nonzero.ts';
import { median } from './planning/numpy.ts';

/** Which axis of a file (z, y, x) is the first, second and third one; slices lie along the first. */
export type AxisOrder = Shape;

/** Slices along z, as the file has them. */
export const FILE_ORDER: AxisOrder = [0, 1, 2];

/** Spacings that differ by less are one: headers are rounded. */
export const SAME_SPACING = 1e-3;

/** How a volume lies in its file. */
export interface Lie {
  /** [D, H, W]. */
  readonly shape: Shape;
  /** Voxel size along D, H, W. */
  readonly spacing: readonly [number, number, number];
}

/**
 * The axis that the volumes of a data set are cut across: the first of the order is that of the largest spacing, by the
 * median of the volumes, the others follow as they were (nnU-Net's `transpose_forward`). z, unless another one is coarser:
 * also where there are images alone.
 */
export function coarsestFirst(cases: readonly Lie[]): AxisOrder {
  const volumes = cases.filter(({ shape }) => shape[0] > 1);
  if (volumes.length === 0) return FILE_ORDER;
  const [z, y, x] = [0, 1, 2].map((axis) => median(volumes.map(({ spacing }) => spacing[axis])));
  if (Math.max(y, x) <= z * (1 + SAME_SPACING)) return FILE_ORDER;
  return x > y * (1 + SAME_SPACING) ? [2, 0, 1] : [1, 0, 2];
}

/** The order of a case's axes: an image is one slice, whatever the volumes of its data set are. */
export const orderOf = ([depth]: Shape, order: AxisOrder): AxisOrder => (depth === 1 ? FILE_ORDER : order);

/** Whether a value is an order of three axes. */
export const isAxisOrder = (value: unknown): value is AxisOrder =>
  Array.isArray(value) && value.length === 3 && [0, 1, 2].every((axis) => value.includes(axis));

/** `order`, or nothing where the axes are as the file has them: for what is written of a data set. */
export const orderEntry = (order: AxisOrder): { readonly transpose_forward?: AxisOrder } =>
  order.every((axis, i) => axis === i) ? {} : { transpose_forward: order };

/** Sizes in another order of axes. */
export const permuted = (sizes: readonly [number, number, number], [a, b, c]: AxisOrder) =>
  [sizes[a], sizes[b], sizes[c]] as const;

/** The order that undoes another. */
export function inverseOf(order: AxisOrder): AxisOrder {
  const [a, b, c] = [0, 1, 2].map((axis) => order.indexOf(axis));
  return [a, b, c];
}

/** A volume with its axes in another order; the same array where they keep theirs. */
export function transposed<A extends Float32Array | Int32Array | Uint8Array>(
  values: A,
  shape: Shape,
  order: AxisOrder,
): A {
  if (order.every((axis, i) => axis === i)) return values;
  const strides = permuted([shape[1] * shape[2], shape[2], 1], order);
  const [depth, height, width] = permuted(shape, order);
  const result = values.slice() as A;
  let i = 0;
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const line = z * strides[0] + y * strides[1];
      for (let x = 0; x < width; x++) result[i++] = values[line + x * strides[2]];
    }
  }
  return result;
}
