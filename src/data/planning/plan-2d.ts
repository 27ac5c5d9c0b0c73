import { InputError } from '../../errors.ts';
import type { DatasetFingerprint } from './dataset-fingerprint.ts';
import type { Shape } from './nonzero.ts';
import { median, quantile, roundHalfEven } from './numpy.ts';
import { newShape } from './resample.ts';
import { CONVOLUTIONS, mapElements, type Pair, type Topology, topologyOf } from './topology.ts';

/** The memory that nnU-Net plans for, in bytes, and what of it is known to fill that: elements of maps, patches. */
export const DEFAULT_MEMORY = 8e9;
const FULL = 85_000_000;
const FULL_BATCH = 12;
const LEAST_BATCH = 2;
/** A batch shows at most this share of the data set. */
const MOST_OF_DATA = 0.05;
/** An axis is coarse where its voxels are more than so many times larger than those of the others. */
const ANISOTROPY = 3;
/** The pixels of the largest patch that is thought of, before it is cut to the images' size. */
const LARGEST_EDGE = 2048;

/** What nnU-Net v2 calls the configuration "2d", with its names. Axes are H, W after the transposition. */
export interface Plan2d {
  readonly batch_size: number;
  readonly patch_size: Pair;
  readonly median_image_size_in_voxels: Pair;
  readonly spacing: Pair;
  readonly batch_dice: true;
  readonly n_stages: number;
  readonly features_per_stage: readonly number[];
  readonly strides: readonly Pair[];
  readonly kernel_sizes: readonly Pair[];
  readonly n_conv_per_stage: readonly number[];
}

/** The plan's figures that follow from shapes and spacings. */
export interface Geometry {
  readonly original_median_spacing: readonly number[];
  readonly original_median_shape: readonly number[];
  /** Which axis of the files becomes the first, second and third: the coarsest first, along which slices are cut. */
  readonly transpose_forward: Shape;
  readonly plan_2d: Plan2d;
}

export interface PlanOptions {
  /** Training cases. */
  readonly cases: number;
  /** Classes, background included. */
  readonly classes: number;
  /** Memory to plan for, in bytes. */
  readonly memory: number;
}

/**
 * The 2D plan for a fingerprint, as nnU-Net v2's `ExperimentPlanner` makes it: target spacing, the axis that slices are
 * cut along, patch size, stages and batch size for an amount of memory.
 *
 * @throws InputError `plan-unsupported` where no patch fits into the memory
 */
export function planGeometry(fingerprint: DatasetFingerprint, options: PlanOptions): Geometry {
  const { spacings, shapes_after_crop: shapes } = fingerprint;
  const target = targetSpacing(spacings, shapes);
  const coarsest = target.indexOf(Math.max(...target));
  const [second, third] = [0, 1, 2].filter((a) => a !== coarsest);
  const transpose = [coarsest, second, third] as const;
  const resampled = shapes.map((shape, i) => newShape(shape, spacings[i], target));
  const sizes = transpose.map((a) => median(resampled.map((shape) => shape[a])));
  const voxels = sizes[0] * sizes[1] * sizes[2] * options.cases;
  return {
    original_median_spacing: transpose.map((a) => median(spacings.map((s) => s[a]))),
    original_median_shape: transpose.map((a) => roundHalfEven(median(shapes.map((s) => s[a])))),
    transpose_forward: transpose,
    plan_2d: plan2d([target[second], target[third]], [sizes[1], sizes[2]], voxels, options),
  };
}

/** The median, but finer along an axis that is much coarser than the others and has far fewer voxels. */
function targetSpacing(spacings: DatasetFingerprint['spacings'], shapes: readonly Shape[]): number[] {
  const target = [0, 1, 2].map((a) => median(spacings.map((s) => s[a])));
  const sizes = [0, 1, 2].map((a) => median(shapes.map((s) => s[a])));
  const worst = target.indexOf(Math.max(...target));
  const others = [0, 1, 2].filter((a) => a !== worst);
  const finest = Math.max(...others.map((a) => target[a]));
  const coarse = target[worst] > ANISOTROPY * finest;
  const few = sizes[worst] * ANISOTROPY < Math.min(...others.map((a) => sizes[a]));
  if (coarse && few) {
    const tenth = quantile(
      spacings.map((s) => s[worst]),
      0.1,
    );
    target[worst] = tenth < finest ? finest + 1e-5 : tenth;
  }
  return target;
}

/** @param voxels of the whole data set, resampled */
function plan2d(spacing: Pair, size: Pair, voxels: number, { classes, memory }: PlanOptions): Plan2d {
  // A patch of the pixels' proportions, and no larger than the images.
  const scale = LARGEST_EDGE * Math.sqrt(spacing[0] * spacing[1]);
  const first = (a: 0 | 1) => Math.min(roundHalfEven(scale / spacing[a]), size[a]);
  let topology = topologyOf(spacing, [first(0), first(1)]);
  let elements = mapElements(topology, classes);
  const reference = FULL * (memory / DEFAULT_MEMORY);
  while ((elements / FULL_BATCH) * LEAST_BATCH > reference) {
    topology = smaller(topology, spacing, size);
    if (Math.min(...topology.patch) < 1) {
      throw new InputError(
        'plan-unsupported',
        `no patch of these images fits into ${memory} bytes`,
        `more memory, as ${DEFAULT_MEMORY / 1e9}GB`,
      );
    }
    elements = mapElements(topology, classes);
  }
  const { patch, strides } = topology;
  const fitting = roundHalfEven((reference / elements) * FULL_BATCH);
  const varied = roundHalfEven((voxels * MOST_OF_DATA) / (patch[0] * patch[1]));
  return {
    batch_size: Math.max(Math.min(fitting, varied), LEAST_BATCH),
    patch_size: patch,
    median_image_size_in_voxels: size,
    spacing,
    batch_dice: true,
    n_stages: strides.length,
    features_per_stage: topology.features,
    strides,
    kernel_sizes: topology.kernels,
    n_conv_per_stage: strides.map(() => CONVOLUTIONS),
  };
}

/**
 * The next smaller patch along the axis that is the largest in proportion to the images. By how much is found in two
 * steps: a smaller patch may pool less often, and so be divisible by less.
 */
function smaller({ patch, divisor }: Topology, spacing: Pair, size: Pair): Topology {
  const axis = patch[1] / size[1] >= patch[0] / size[0] ? 1 : 0;
  const less = (by: number): Pair => (axis === 0 ? [patch[0] - by, patch[1]] : [patch[0], patch[1] - by]);
  const step = topologyOf(spacing, less(divisor[axis])).divisor[axis];
  return topologyOf(spacing, less(step));
}
