import type { AugmentSpec } from '../recipe/augmentations.ts';
import { augmentations } from '../recipe/augmentations.ts';
import { withDefaults } from '../recipe/setting.ts';
import { type Target, targetOf } from './target.ts';

/** For tests: all that can be done to a window, with the defaults, and where there is none nnU-Net's factor. */
export const everyAugmentation = Object.entries(augmentations).map(([kind, { args }]) => ({
  kind,
  ...withDefaults(args, 'range' in args ? { range: 0.25 } : {}),
})) as AugmentSpec[];

/** Of a NIfTI-1 header, what tests choose. */
export interface NiftiFields {
  dims?: number[];
  type?: number;
  bits?: number;
  slope?: number;
  inter?: number;
  pixDims?: number[];
  little?: boolean;
}

/**
 * For tests: a NIfTI-1 file by the field offsets of the standard's nifti1.h.
 *
 * @param voxels writes them, from the byte `at` on
 */
export function nifti(
  fields: NiftiFields,
  voxels: (view: DataView, at: number) => void,
  voxelBytes: number,
): Uint8Array {
  const { dims = [3, 2, 3, 2], type = 4, bits = 16, slope = 0, inter = 0, little = true } = fields;
  const view = new DataView(new ArrayBuffer(352 + voxelBytes));
  view.setInt32(0, 348, little);
  for (let i = 0; i < 8; i++) view.setInt16(40 + 2 * i, dims[i] ?? 1, little);
  view.setInt16(70, type, little);
  view.setInt16(72, bits, little);
  (fields.pixDims ?? [1, 0.5, 2, 3]).forEach((size, i) => {
    view.setFloat32(76 + 4 * i, size, little);
  });
  view.setFloat32(108, 352, little);
  view.setFloat32(112, slope, little);
  view.setFloat32(116, inter, little);
  [0x6e, 0x2b, 0x31, 0].forEach((byte, i) => {
    view.setUint8(344 + i, byte);
  });
  voxels(view, 352);
  return new Uint8Array(view.buffer);
}

/** For tests: the target of an output of so many classes, which are those of the data. */
export function classTarget(classes: number): Target {
  return targetOf(
    Array.from({ length: classes }, (_, id) => ({ name: String(id), classes: [id] })),
    classes,
  );
}

/** For tests: a NIfTI-1 volume. */
export interface TestVolume {
  /** [W, H, D]: x, y, z. */
  readonly sizes: readonly [number, number, number];
  /** Of x, y, z. */
  readonly spacing: readonly [number, number, number];
  /** Three rows of four, from voxel to place; without it the header says nothing of that. */
  readonly affine?: readonly (readonly number[])[];
  /** [D, H, W], as floats. */
  readonly data: ArrayLike<number>;
}

/** The bytes of an uncompressed file of it, see {@link nifti}. */
export function niftiBytes({ sizes, spacing, affine, data }: TestVolume): Uint8Array {
  const fields = { dims: [3, ...sizes], type: 16, bits: 32, pixDims: [1, ...spacing] };
  const voxels = (view: DataView, at: number) => {
    for (let i = 0; i < data.length; i++) view.setFloat32(at + 4 * i, data[i], true);
    if (!affine) return;
    view.setInt16(254, 1, true);
    for (const [i, value] of affine.flat().entries()) view.setFloat32(280 + 4 * i, value, true);
  };
  return nifti(fields, voxels, 4 * data.length);
}
