/** A volume's voxels: how many, how large, and where. */
export interface Placed {
  /** [D, H, W]. */
  readonly shape: readonly [number, number, number];
  /** Voxel size along D, H, W. */
  readonly spacing: readonly [number, number, number];
  /** From voxel to space, four rows; absent where the file says nothing of it. */
  readonly affine?: readonly (readonly number[])[];
}

/** How far two headers may be apart and still mean the same: they round. */
export interface Tolerance {
  /** Of a voxel's size, as a share of it. */
  readonly size: number;
  /** Of the place of a corner, as a share of the smallest voxel. */
  readonly place: number;
}

/** Between the files of a case, which one program wrote. */
export const WITHIN_CASE: Tolerance = { size: 1e-3, place: 1e-3 };

/** In what two files of one image differ, in words that follow their names. */
export interface Difference {
  readonly kind: 'size' | 'spacing' | 'place';
  /** `has voxels of 1×1×2, OTHER of 1×1×1`. */
  readonly found: string;
  readonly hint: string;
}

/**
 * In what the voxels of a file differ from those of another of the same image.
 *
 * @param other what the other is called
 */
export function placeDifference(
  own: Placed,
  other: string,
  its: Placed,
  tolerance: Tolerance = WITHIN_CASE,
): Difference | undefined {
  if (own.shape.join() !== its.shape.join()) {
    const hint = 'check that the files belong together';
    return { kind: 'size', found: `is ${sizeText(own)}, but ${other} is ${sizeText(its)}`, hint };
  }
  if (
    own.spacing.some((length, a) => !(Math.abs(length - its.spacing[a]) <= tolerance.size * its.spacing[a]))
  ) {
    return {
      kind: 'spacing',
      found: `has voxels of ${voxelText(own)}, ${other} of ${voxelText(its)}`,
      hint: 'check that both belong to one image; copy the header of the image',
    };
  }
  const apart = cornersApart(own, its);
  // Of numbers that are none, too, unless they are in both.
  if (apart <= tolerance.place * Math.min(...its.spacing)) return undefined;
  return {
    kind: 'place',
    found: `lies elsewhere in space than ${other}: corners are up to ${apart.toPrecision(3)} apart (affine matrix of the header)`,
    hint: 'check that both belong to one image, in one orientation; copy the header of the image',
  };
}

/** Along x, y and, of a volume, z. */
function sizeText({ shape: [depth, height, width] }: Placed): string {
  return depth === 1 ? `${width}×${height}` : `${width}×${height}×${depth}`;
}

const voxelText = ({ spacing }: Placed) =>
  spacing
    .toReversed()
    .map((length) => Number(length.toPrecision(6)))
    .join('×');

/** How far apart the affine matrices of two volumes put the same corner, at most; 0 where one has none. */
function cornersApart(a: Placed, b: Placed): number {
  const [first, second] = [a.affine, b.affine];
  if (first === undefined || second === undefined) return 0;
  const [depth, height, width] = a.shape;
  let most = 0;
  for (let corner = 0; corner < 8; corner++) {
    const [x, y, z] = [width, height, depth].map((size, axis) => ((corner >> axis) & 1) * (size - 1));
    const squares = first.map((row, i) => {
      const [dx, dy, dz, offset] = row.map((value, k) =>
        Object.is(value, second[i][k]) ? 0 : value - second[i][k],
      );
      const distance = dx * x + dy * y + dz * z + offset;
      return distance * distance;
    });
    most = Math.max(most, Math.sqrt(squares[0] + squares[1] + squares[2]));
  }
  return most;
}
