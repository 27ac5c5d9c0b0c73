import { existsSync, readdirSync, statSync } from 'node:fs';
import { InputError } from '../errors.ts';
import { imageEndings, type Labels, readLabels } from './image.ts';

/** Of a volume's smallest voxel, how far two headers may put the same corner apart: they round differently. */
const PLACE = 0.01;

/** Relative difference of voxel sizes that is taken for rounding. */
const SIZE = 1e-4;

/**
 * Names of the label maps in a folder, sorted.
 *
 * @throws InputError `file-not-found`, `not-a-folder`, `no-images`
 */
export function labelMapsIn(folder: string): string[] {
  const hint = 'name a folder of label maps';
  if (!existsSync(folder)) throw new InputError('file-not-found', `${folder} does not exist`, hint);
  if (!statSync(folder).isDirectory()) {
    throw new InputError('not-a-folder', `${folder} is not a folder`, hint);
  }
  const names = readdirSync(folder)
    .filter((name) => imageEndings.some((ending) => name.endsWith(ending)) && !name.startsWith('.'))
    .sort();
  if (names.length > 0) return names;
  const kinds = `name a folder of ${imageEndings.join(', ')} files`;
  throw new InputError('no-images', `${folder} holds no label maps`, kinds);
}

/** The name of a case, from that of its label map. */
export function caseId(name: string): string {
  const ending = imageEndings.find((known) => name.endsWith(known)) ?? '';
  return name.slice(0, name.length - ending.length);
}

/** A label map and where it was read. */
export interface PlacedLabels {
  readonly path: string;
  readonly labels: Labels;
}

/**
 * Reads the label map at `path`, which belongs to the same image as the truth.
 *
 * @throws InputError as readLabels; `image-size`, `image-geometry` where voxels, their size or their place differ
 */
export function readAlongside(path: string, truth: PlacedLabels): Labels {
  const labels = readLabels(path);
  const [own, other] = [labels, truth.labels];
  const hint = 'check that both belong to one image';
  if (own.shape.join() !== other.shape.join()) {
    throw new InputError(
      'image-size',
      `${path} is ${own.shape.join('×')}, its truth ${truth.path} ${other.shape.join('×')} (slices × rows × columns)`,
      hint,
    );
  }
  if (own.spacing.some((size, axis) => Math.abs(size - other.spacing[axis]) > SIZE * other.spacing[axis])) {
    const text = ({ spacing }: Labels) => spacing.toReversed().map((size) => Number(size.toPrecision(6)));
    throw new InputError(
      'image-geometry',
      `${path} has voxels of ${text(own).join('×')}, its truth ${truth.path} of ${text(other).join('×')}`,
      hint,
    );
  }
  const apart = cornersApart(own, other);
  // Of numbers that are none, too, unless they are in both.
  if (!(apart <= PLACE * Math.min(...other.spacing))) {
    throw new InputError(
      'image-geometry',
      `${path} lies elsewhere in space than its truth ${truth.path}: corners are up to ${apart.toPrecision(3)} apart (affine matrix of the header)`,
      'check that both belong to one image, in one orientation; write predictions with the header of the image',
    );
  }
  return labels;
}

/** How far apart the affine matrices of two volumes put the same corner, at most; 0 where one has none. */
export function cornersApart(a: Pick<Labels, 'affine' | 'shape'>, b: Pick<Labels, 'affine'>): number {
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
