import type { ClassGroup } from '../data/target.ts';
import { connectedComponents, growInto } from './components.ts';
import { countOverlap, dice, membership } from './dice.ts';
import type { Triple } from './distance-transform.ts';
import { type InstanceScore, scoreInstances } from './instances.ts';
import { hausdorffDistance, type MaskPair, normalisedSurfaceDistance, surfaceDistances } from './surface.ts';

/** What each metric is called, the digits that are shown of it, and where it is not defined. */
export const metrics = {
  dsc: { title: 'DSC', digits: 4, undefinedWhere: 'neither truth nor prediction has the label' },
  nsd: { title: 'NSD', digits: 4, undefinedWhere: 'neither truth nor prediction has the label' },
  hd95: {
    title: 'HD95 (mm; pixels of PNG maps)',
    digits: 2,
    undefinedWhere: 'truth or prediction lacks the label',
  },
  f1: {
    title: 'F1 of instances, IoU ≥ 0.5',
    digits: 4,
    undefinedWhere: 'neither truth nor prediction has an instance inside the border',
  },
} as const;

export type MetricName = keyof typeof metrics;

export const metricNames = Object.keys(metrics) as readonly MetricName[];

/** What is judged as one, and how. */
export interface JudgedRegion extends ClassGroup {
  readonly metrics: readonly MetricName[];
  /** Of NSD, in the unit of the spacing. */
  readonly tolerance?: number;
  /** All metrics look only at the slices from the first to the last that the truth covers, where it covers one. */
  readonly truthSlices?: boolean;
  /** Classes that surround instances: their pixels belong to the nearest one, see growInto. */
  readonly instanceBoundary?: readonly number[];
  /** Several classes together, which means over labels leave out. */
  readonly together?: boolean;
}

/** Truth and prediction of an image or volume. */
export interface JudgedCase {
  readonly shape: Triple;
  /** Voxel size along D, H, W. */
  readonly spacing: Triple;
  /** Class ids, [D, H, W]; in the truth negative where it is ignored. */
  readonly truth: Int32Array;
  readonly prediction: Int32Array;
  /** Ids of the true instances; where absent they are the connected components of a region. */
  readonly instances?: Int32Array;
}

/** What the region is to be judged by; NaN where a metric is not defined. */
export type RegionScores = { readonly [metric in MetricName]?: number } & {
  readonly instances?: InstanceScore;
};

/**
 * The scores of each region in a case, in the order of the regions. What the truth ignores belongs to no region, in the
 * truth as in the prediction.
 */
export function scoreCase(judged: JudgedCase, regions: readonly JudgedRegion[]): RegionScores[] {
  const annotated = withoutIgnored(judged);
  return regions.map((region) => scoreRegion(annotated, region));
}

function withoutIgnored(judged: JudgedCase): JudgedCase {
  const { truth, prediction, instances } = judged;
  if (!truth.some((id) => id < 0)) return judged;
  const where = (map: Int32Array) => map.map((id, i) => (truth[i] < 0 ? 0 : id));
  return { ...judged, prediction: where(prediction), ...(instances && { instances: where(instances) }) };
}

function scoreRegion(judged: JudgedCase, region: JudgedRegion): RegionScores {
  const scores: { -readonly [metric in MetricName]?: number } = {};
  const part = region.truthSlices ? coveredSlices(judged, region.classes) : judged;
  const wanted = new Set(region.metrics);
  if (wanted.has('dsc')) scores.dsc = dice(countOverlap(part.truth, part.prediction, region.classes));
  if (wanted.has('nsd') || wanted.has('hd95')) {
    const masks = croppedMasks(part, region.classes);
    const surfaces = surfaceDistances(masks, part.spacing);
    if (wanted.has('nsd')) {
      if (region.tolerance === undefined) throw new RangeError(`${region.name} has no tolerance`);
      scores.nsd = normalisedSurfaceDistance(surfaces, region.tolerance);
    }
    if (wanted.has('hd95')) {
      // The faces of an image's pixels are no boundary.
      const contours = judged.shape[0] === 1 ? surfaceDistances(masks, part.spacing, true) : surfaces;
      scores.hd95 = hausdorffDistance(contours, 0.95);
    }
  }
  if (!wanted.has('f1')) return scores;
  const instances = scoreInstances(
    part.instances ?? instancesOf(part.truth, part.shape, region),
    instancesOf(part.prediction, part.shape, region),
    part.shape,
  );
  return { ...scores, f1: instances.f1, instances };
}

/** Ids of the instances in a map of class ids. */
function instancesOf(
  map: Int32Array,
  shape: Triple,
  { classes, instanceBoundary }: JudgedRegion,
): Int32Array {
  const { ids } = connectedComponents(
    map.map((id) => (classes.includes(id) ? 1 : 0)),
    shape,
  );
  if (instanceBoundary !== undefined)
    growInto(
      ids,
      map.map((id) => (instanceBoundary.includes(id) ? 1 : 0)),
      shape,
    );
  return ids;
}

/** The slices from the first to the last in which the truth has one of the labels; all where it has none. */
function coveredSlices(judged: JudgedCase, classes: readonly number[]): JudgedCase {
  const [depth, height, width] = judged.shape;
  const plane = height * width;
  const members = membership(classes);
  const covered = Array.from({ length: depth }, (_, z) =>
    judged.truth.subarray(z * plane, (z + 1) * plane).some((id) => members[id] === 1),
  );
  const [first, last] = [covered.indexOf(true), covered.lastIndexOf(true)];
  if (first < 0) return judged;
  const part = (map: Int32Array) => map.subarray(first * plane, (last + 1) * plane);
  return {
    ...judged,
    shape: [last + 1 - first, height, width],
    truth: part(judged.truth),
    prediction: part(judged.prediction),
    ...(judged.instances && { instances: part(judged.instances) }),
  };
}

/** Both masks of a region within the smallest box that holds both. */
function croppedMasks({ shape, truth, prediction }: JudgedCase, classes: readonly number[]): MaskPair {
  const members = membership(classes);
  const low = [...shape];
  const high = [0, 0, 0];
  const [depth, height, width] = shape;
  for (let z = 0, i = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        if (members[truth[i]] !== 1 && members[prediction[i]] !== 1) continue;
        if (z < low[0]) low[0] = z;
        if (z >= high[0]) high[0] = z + 1;
        if (y < low[1]) low[1] = y;
        if (y >= high[1]) high[1] = y + 1;
        if (x < low[2]) low[2] = x;
        if (x >= high[2]) high[2] = x + 1;
      }
    }
  }
  const sizeOf = (axis: number) => Math.max(0, high[axis] - low[axis]);
  const size: Triple = [sizeOf(0), sizeOf(1), sizeOf(2)];
  const crop = (map: Int32Array) => {
    const mask = new Uint8Array(size[0] * size[1] * size[2]);
    for (let z = 0, k = 0; z < size[0]; z++) {
      for (let y = 0; y < size[1]; y++) {
        const row = ((low[0] + z) * height + low[1] + y) * width + low[2];
        for (let x = 0; x < size[2]; x++, k++) mask[k] = members[map[row + x]] ?? 0;
      }
    }
    return mask;
  };
  return { shape: size, truth: crop(truth), prediction: crop(prediction) };
}
