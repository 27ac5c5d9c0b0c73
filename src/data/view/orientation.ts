import type { AxisOrder } from '../axes.ts';
import type { Placed } from '../placement.ts';

/** Right, left, anterior, posterior, superior (towards the head), inferior: of the patient. */
export type Letter = 'R' | 'L' | 'A' | 'P' | 'S' | 'I';

/** NIfTI's axes of space grow towards right, anterior and superior. */
const towards: readonly (readonly [Letter, Letter])[] = [
  ['R', 'L'],
  ['A', 'P'],
  ['S', 'I'],
];

const opposites: Readonly<Record<Letter, Letter>> = { R: 'L', L: 'R', A: 'P', P: 'A', S: 'I', I: 'S' };

const orders = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

/**
 * Towards where the indices of a volume grow along D, H, W: each axis of voxels is given the axis of space that it follows
 * most, all three another one. `undefined` where the file does not say how it lies.
 */
export function directionsOf(affine: Placed['affine']): readonly [Letter, Letter, Letter] | undefined {
  if (affine === undefined) return undefined;
  // Of the axis D, H or W the share of each axis of space; the matrix has x, y, z of the voxels as columns.
  const shares = [2, 1, 0].map((column) => {
    const steps = [0, 1, 2].map((row) => affine[row][column]);
    const length = Math.sqrt(steps.reduce((sum, step) => sum + step * step, 0));
    return steps.map((step) => step / length);
  });
  if (!shares.flat().every(Number.isFinite)) return undefined;
  const follows = (order: readonly number[]) =>
    order.reduce((sum, space, axis) => sum + Math.abs(shares[axis][space]), 0);
  const best = orders.reduce((a, b) => (follows(b) > follows(a) ? b : a));
  const letter = (axis: number) => towards[best[axis]][shares[axis][best[axis]] > 0 ? 0 : 1];
  return [letter(0), letter(1), letter(2)];
}

/** The sides of a picture of a slice. */
export interface Edges {
  readonly top: Letter;
  readonly bottom: Letter;
  readonly left: Letter;
  readonly right: Letter;
}

/** What lies at the sides of a slice that is drawn as it is stored: the first row at the top, the first column at the left. */
export function edgesOf(directions: readonly [Letter, Letter, Letter], [, rows, columns]: AxisOrder): Edges {
  const [bottom, right] = [directions[rows], directions[columns]];
  return { top: opposites[bottom], bottom, left: opposites[right], right };
}
