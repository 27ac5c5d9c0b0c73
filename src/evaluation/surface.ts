import { squaredDistances, type Triple } from './distance-transform.ts';
import { contourLengths, surfaceAreas } from './surface-area.ts';

/** Where two masks are: all else is outside of both. 0 or 1 a voxel, [D, H, W]. */
export interface MaskPair {
  readonly shape: Triple;
  readonly truth: Uint8Array;
  readonly prediction: Uint8Array;
}

/** Elements of one surface in the order of their distance to the other. */
export interface SurfaceDistances {
  /** Ascending; Infinity where the other mask is empty. */
  readonly distances: Float64Array;
  /** Area of each element; of a contour its length. */
  readonly areas: Float64Array;
}

export interface SurfacePair {
  readonly truth: SurfaceDistances;
  readonly prediction: SurfaceDistances;
}

/**
 * The surfaces of two masks and how far each of their elements is from the other surface. An element lies between
 * 2×2×2 voxels that are not all the same, at their common corner; beyond the masks nothing is inside. The distance is
 * that of the corners.
 *
 * @param spacing voxel size along D, H, W
 * @param contours takes a mask of one slice for an image, whose boundary are contours of elements between 2×2
 *   pixels; otherwise it is a slab, and the faces of its pixels are part of its surface
 */
export function surfaceDistances(
  { shape, truth, prediction }: MaskPair,
  spacing: Triple,
  contours = false,
): SurfacePair {
  const flat = contours && shape[0] === 1;
  const sizes = flat ? contourLengths(spacing) : surfaceAreas(spacing);
  const grid: Triple = [flat ? 1 : shape[0] + 1, shape[1] + 1, shape[2] + 1];
  const [a, b] = [truth, prediction].map((mask) => elements(mask, shape, grid, sizes));
  return {
    truth: sorted(a, squaredDistances(grid, spacing, b.at)),
    prediction: sorted(b, squaredDistances(grid, spacing, a.at)),
  };
}

interface Elements {
  /** Indices in the grid of corners. */
  readonly at: Int32Array;
  readonly areas: Float64Array;
}

/** The elements of a mask's surface; `sizes` by neighbour code, 256 of them in three dimensions, 16 in two. */
function elements(mask: Uint8Array, shape: Triple, grid: Triple, sizes: Float64Array): Elements {
  const [depth, height, width] = shape;
  const codes = new Uint8Array(grid[0] * grid[1] * grid[2]);
  const flat = sizes.length === 16;
  // Each voxel sets a bit of the corners around it: it is the far neighbour (1) of the near corner (0).
  const around = flat ? [0] : [0, 1];
  for (let z = 0, i = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        if (mask[i] === 0) continue;
        for (const d of around) {
          const row = ((z + d) * grid[1] + y) * grid[2] + x;
          const bits = flat ? 0 : 4 * (1 - d);
          codes[row] |= 1 << (bits + 3);
          codes[row + 1] |= 1 << (bits + 2);
          codes[row + grid[2]] |= 1 << (bits + 1);
          codes[row + grid[2] + 1] |= 1 << bits;
        }
      }
    }
  }
  const full = sizes.length - 1;
  let count = 0;
  for (const code of codes) if (code !== 0 && code !== full) count++;
  const [at, areas] = [new Int32Array(count), new Float64Array(count)];
  for (let i = 0, k = 0; i < codes.length; i++) {
    if (codes[i] === 0 || codes[i] === full) continue;
    at[k] = i;
    areas[k++] = sizes[codes[i]];
  }
  return { at, areas };
}

function sorted({ at, areas }: Elements, squared: Float64Array): SurfaceDistances {
  const order = Uint32Array.from(at, (_, i) => i).sort((i, j) => squared[at[i]] - squared[at[j]]);
  return {
    distances: Float64Array.from(order, (i) => Math.sqrt(squared[at[i]])),
    areas: Float64Array.from(order, (i) => areas[i]),
  };
}

/** Voxel sizes in files are 32-bit floats: a distance that equals the tolerance may come out so much larger. */
const ROUNDING = 1 + 1e-6;

/**
 * Normalised surface distance, or surface Dice: the share of both surfaces that lies within the tolerance of the other
 * (S. Nikolov et al. 2018, arXiv 1809.04430). 0 where one mask is empty, NaN where both are.
 *
 * @param tolerance in the unit of the spacing
 */
export function normalisedSurfaceDistance({ truth, prediction }: SurfacePair, tolerance: number): number {
  const near = areaWithin(truth, tolerance * ROUNDING) + areaWithin(prediction, tolerance * ROUNDING);
  return near / (areaWithin(truth) + areaWithin(prediction));
}

function areaWithin({ distances, areas }: SurfaceDistances, most = Number.POSITIVE_INFINITY): number {
  let sum = 0;
  for (let i = 0; i < distances.length && distances[i] <= most; i++) sum += areas[i];
  return sum;
}

/**
 * Robust Hausdorff distance: of each surface the distance within which a share of its area lies from the other; the
 * larger of the two. NaN where a mask is empty, so that there is no distance.
 *
 * @param share 0.95 for HD95, 1 for the Hausdorff distance itself
 */
export function hausdorffDistance({ truth, prediction }: SurfacePair, share: number): number {
  if (truth.distances.length === 0 || prediction.distances.length === 0) return Number.NaN;
  return Math.max(quantile(truth, share), quantile(prediction, share));
}

/** What a sum of areas may lack by rounding, as a share of it. */
const SUM = 1e-12;

/** The first distance by which the share of the area is reached. */
function quantile(surface: SurfaceDistances, share: number): number {
  const { distances, areas } = surface;
  const total = areaWithin(surface);
  let sum = 0;
  for (let i = 0; i < distances.length; i++) {
    sum += areas[i];
    if (sum / total >= share - SUM) return distances[i];
  }
  return distances[distances.length - 1];
}
